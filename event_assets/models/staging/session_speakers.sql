with listed as (
    select 'lecture:' || lectures.id as session_key, links.value as speaker_id, links._dlt_list_idx as list_index
    from raw.lectures as lectures
    inner join raw.lectures__speakers as links on links._dlt_parent_id = lectures._dlt_id
    where lectures.removed_at is null
    union all
    select 'workshop:' || workshops.id as session_key, links.value as speaker_id, links._dlt_list_idx as list_index
    from raw.workshops as workshops
    inner join raw.workshops__speakers as links on links._dlt_parent_id = workshops._dlt_id
    where workshops.removed_at is null
)
-- Programmes list the same speaker twice in one session: the first mention counts. Not all refer to somebody.
select session_key, speaker_id, min(list_index) as list_index
from listed
where macros.reference(speaker_id) is not null
group by session_key, speaker_id
