with held as (
    -- What has no length is no place to come from.
    select links.speaker_id, sessions.*
    from staging.session_speakers as links
    inner join staging.sessions as sessions on sessions.session_key = links.session_key
    where sessions.ends_at > sessions.starts_at
),
queued as (
    select
        *,
        max(ends_at) over (
            partition by speaker_id order by starts_at, macros.by_code_point(session_key)
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from held
),
merged as (
    -- Sessions that overlap are a stretch, and in speaker_conflicts. The next stretch begins when all have ended.
    select
        *,
        starts_at >= busy_until as follows,
        sum(case when starts_at >= busy_until then 1 else 0 end) over (
            partition by speaker_id order by starts_at, macros.by_code_point(session_key)
            rows between unbounded preceding and current row
        ) as stretch
    from queued
),
last_of_stretch as (
    select *
    from merged
    qualify row_number() over (
        partition by speaker_id, stretch order by ends_at desc, starts_at desc, macros.by_code_point(session_key) desc
    ) = 1
),
transfers as (
    select
        later.speaker_id,
        earlier.session_key,
        later.session_key as next_session_key,
        later.day,
        earlier.ends_at,
        earlier.ends_local,
        later.starts_local as next_starts_local,
        macros.minutes(earlier.ends_at, later.starts_at) as minutes_between,
        earlier.hall_id,
        later.hall_id as next_hall_id,
        earlier.title,
        later.title as next_title
    from merged as later
    inner join last_of_stretch as earlier
        on earlier.speaker_id = later.speaker_id
        and earlier.stretch = later.stretch - 1
        and earlier.day = later.day
    where later.follows
)
select
    transfers.speaker_id,
    transfers.session_key,
    transfers.next_session_key,
    speakers.speaker,
    transfers.day,
    transfers.ends_local,
    transfers.next_starts_local,
    transfers.minutes_between,
    halls.hall,
    next_halls.hall as next_hall,
    transfers.hall_id <> transfers.next_hall_id as changes_hall,
    -- To go from one hall to another and set up takes a quarter of an hour, more or less.
    coalesce(transfers.hall_id <> transfers.next_hall_id, false) and transfers.minutes_between < 15 as is_tight,
    transfers.title,
    transfers.next_title
from transfers
left join staging.speakers as speakers on speakers.speaker_id = transfers.speaker_id
left join staging.halls as halls on halls.hall_id = transfers.hall_id
left join staging.halls as next_halls on next_halls.hall_id = transfers.next_hall_id
order by is_tight desc, transfers.minutes_between, transfers.ends_at, transfers.speaker_id
