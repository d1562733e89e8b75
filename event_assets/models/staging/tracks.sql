select
    id as track_id,
    macros.blank_to_null(name) as track,
    macros.blank_to_null(color) as color,
    "order" as list_order
from raw.tracks
where removed_at is null
