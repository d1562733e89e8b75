select id as track_id, name as track, color, "order" as list_order
from raw.tracks
where removed_at is null
