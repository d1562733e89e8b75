select id as speaker_id, event_id, macros.blank_to_null(name) as speaker, company, position, country, "order" as list_order
from raw.speakers
where removed_at is null
