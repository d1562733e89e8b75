select
    id as speaker_id,
    macros.blank_to_null(event_id) as event_id,
    macros.blank_to_null(name) as speaker,
    macros.blank_to_null(company) as company,
    macros.blank_to_null(position) as position,
    macros.blank_to_null(country) as country,
    "order" as list_order
from raw.speakers
where removed_at is null
