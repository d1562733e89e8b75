with event_days as (
    -- Some servers send no days: those of the sessions count as well.
    select day from staging.days
    union
    select day from staging.sessions
),
events as (
    select event_id from staging.sessions
    union
    select event_id from staging.pauses
    union
    select event_id from staging.halls
    union
    select event_id from staging.days
    union
    select event_id from staging.speakers
),
opening as (
    select min(day) as first_day, max(day) as last_day, count(day) as days from event_days
),
changes as (
    select
        max(changed_at) as as_of,
        max(case when endpoint = 'content' then changed_at end) as content_as_of,
        max(case when endpoint = 'partners' then changed_at end) as partners_as_of,
        max(case when endpoint = 'participants' then changed_at end) as participants_as_of
    from staging.table_changes
)
select
    (select min(event_id) from events where macros.blank_to_null(event_id) is not null) as event_id,
    opening.days,
    opening.first_day,
    opening.last_day,
    changes.as_of,
    changes.content_as_of,
    changes.partners_as_of,
    changes.participants_as_of,
    -- Not up to now: a summary is built again when data changes, and not each midnight.
    macros.days_from(macros.local_day(changes.as_of), opening.first_day) as days_to_opening,
    (select count(*) from staging.halls) as halls,
    (select count(*) from staging.tracks) as tracks,
    (select count(*) from staging.sessions where kind = 'lecture') as lectures,
    (select count(*) from staging.sessions where kind = 'workshop') as workshops,
    (select count(*) from staging.pauses) as breaks,
    (select cast(coalesce(sum(minutes), 0) as bigint) from staging.sessions where minutes > 0) as session_minutes,
    (select count(*) from staging.sessions where hall_id is null) as sessions_without_hall,
    (
        select count(*)
        from staging.sessions
        where session_key not in (select session_key from staging.session_speakers)
    ) as sessions_without_speaker,
    (select count(*) from staging.speakers) as speakers,
    (
        select count(*)
        from staging.speakers
        where speaker_id in (select speaker_id from staging.session_speakers)
    ) as speakers_with_session,
    (select count(*) from staging.partners) as partners,
    (select count(*) from staging.partners where sponsor) as sponsors,
    (select count(*) from staging.partners where exhibitor) as exhibitors,
    (select count(*) from staging.participants) as participants,
    (select count(*) from staging.participants where checked_in) as checked_in,
    (select count(*) from summary.data_quality) as findings,
    (select count(*) from summary.data_quality where severity = 'error') as errors,
    (select count(*) from summary.data_quality where severity = 'warning') as warnings
from opening
cross join changes
