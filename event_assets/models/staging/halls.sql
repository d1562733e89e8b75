select
    id as hall_id,
    macros.blank_to_null(event_id) as event_id,
    macros.blank_to_null(name) as hall,
    "order" as list_order
from raw.halls
where removed_at is null
