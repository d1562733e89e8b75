-- What it reads of itself is cast: before the first build there is nothing, and nulls without a type.
with entries as (
    select session_key as entry_key, kind, day, hall_id, title, starts_at, ends_at, starts_local, ends_local,
        times_sent
    from staging.sessions
    union all
    select 'break:' || pause_id as entry_key, 'break' as kind, day, cast(null as varchar) as hall_id, title, starts_at, ends_at,
        starts_local, ends_local, times_sent
    from staging.pauses
),
session_speakers as (
    select
        links.session_key,
        macros.joined(links.speaker_id, macros.by_code_point(links.speaker_id), ', ') as speaker_ids,
        macros.joined(speakers.speaker, links.list_index, ', ') as speakers
    from staging.session_speakers as links
    left join staging.speakers as speakers on speakers.speaker_id = links.speaker_id
    group by links.session_key
),
present as (
    select
        entries.entry_key,
        entries.kind,
        entries.title,
        entries.day,
        entries.starts_at,
        entries.ends_at,
        entries.starts_local,
        entries.ends_local,
        entries.hall_id,
        halls.hall,
        session_speakers.speaker_ids,
        session_speakers.speakers,
        entries.times_sent
    from entries
    left join staging.halls as halls on halls.hall_id = entries.hall_id
    left join session_speakers on session_speakers.session_key = entries.entry_key
),
known as (
    -- The model itself: what it holds of each entry so far. Titles of early releases can be blank, or have blanks around.
    select
        cast(entry_key as varchar) as entry_key,
        cast(version as bigint) as version,
        cast(is_removed as boolean) as is_removed,
        cast(kind as varchar) as kind,
        macros.blank_to_null(cast(title as varchar)) as title,
        cast(day as date) as day,
        cast(starts_at as timestamp with time zone) as starts_at,
        cast(ends_at as timestamp with time zone) as ends_at,
        cast(starts_local as timestamp) as starts_local,
        cast(ends_local as timestamp) as ends_local,
        cast(hall_id as varchar) as hall_id,
        cast(hall as varchar) as hall,
        cast(speaker_ids as varchar) as speaker_ids,
        cast(speakers as varchar) as speakers,
        cast(times_sent as varchar) as times_sent
    from history.entry_versions
    qualify row_number() over (partition by entry_key order by version desc nulls last) = 1
),
refresh as (
    -- By count and not by the clock, which can be set back.
    select coalesce(max(cast(refresh_number as bigint)), 0) + 1 as refresh_number
    from history.entry_versions
)
select
    present.entry_key,
    coalesce(known.version, 0) + 1 as version,
    refresh.refresh_number,
    current_timestamp as seen_at,
    false as is_removed,
    present.kind,
    present.title,
    present.day,
    present.starts_at,
    present.ends_at,
    present.starts_local,
    present.ends_local,
    present.hall_id,
    present.hall,
    present.speaker_ids,
    present.speakers,
    present.times_sent
from present
cross join refresh
left join known on known.entry_key = present.entry_key
where known.entry_key is null
    or known.is_removed
    or present.title is distinct from known.title
    or present.day is distinct from known.day
    or present.starts_at is distinct from known.starts_at
    or present.ends_at is distinct from known.ends_at
    or present.hall_id is distinct from known.hall_id
    or present.speaker_ids is distinct from known.speaker_ids
union all
select
    known.entry_key,
    known.version + 1 as version,
    refresh.refresh_number,
    current_timestamp as seen_at,
    true as is_removed,
    known.kind,
    known.title,
    known.day,
    known.starts_at,
    known.ends_at,
    known.starts_local,
    known.ends_local,
    known.hall_id,
    known.hall,
    known.speaker_ids,
    known.speakers,
    known.times_sent
from known
cross join refresh
left join present on present.entry_key = known.entry_key
where present.entry_key is null and not known.is_removed
