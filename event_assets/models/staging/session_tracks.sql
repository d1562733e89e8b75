with listed as (
    select 'lecture:' || lectures.id as session_key, links.value as track_id, links._dlt_list_idx as list_index
    from raw.lectures as lectures
    inner join raw.lectures__tracks as links on links._dlt_parent_id = lectures._dlt_id
    where lectures.removed_at is null
    union all
    select 'workshop:' || workshops.id as session_key, links.value as track_id, links._dlt_list_idx as list_index
    from raw.workshops as workshops
    inner join raw.workshops__tracks as links on links._dlt_parent_id = workshops._dlt_id
    where workshops.removed_at is null
)
-- Not all refer to a track.
select session_key, track_id, min(list_index) as list_index
from listed
where macros.reference(track_id) is not null
group by session_key, track_id
