select id as day_id, event_id, try_cast("date" as date) as day
from raw.days
where removed_at is null
