select id as hall_id, event_id, name as hall, "order" as list_order
from raw.halls
where removed_at is null
