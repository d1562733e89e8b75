select
    id as speaker_id,
    macros.blank_to_null(event_id) as event_id,
    macros.blank_to_null(name) as speaker,
    macros.blank_to_null(company) as company,
    macros.blank_to_null(position) as position,
    macros.blank_to_null(country) as country,
    macros.blank_to_null(language) as language,
    coalesce(macros.text_of_html(bio), macros.text_of_html(bio_html)) is not null as has_biography,
    macros.blank_to_null(photo) as photo,
    "order" as list_order
from raw.speakers
where removed_at is null
