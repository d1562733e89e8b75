with sessions as (
    select *, kind || 's' as resource, session_id as id
    from staging.sessions
),
entries as (
    select resource, id, day_id, day, local_day, title, starts_at, ends_at, minutes
    from sessions
    union all
    select 'pauses' as resource, pause_id as id, day_id, day, local_day, title, starts_at, ends_at, minutes
    from staging.pauses
),
odd_people as (
    -- Gone through once, as there may be a million.
    select participant_id as id, has_address, has_unreadable_registered_at, has_unreadable_checked_at
    from staging.participants
    where not has_address or has_unreadable_registered_at or has_unreadable_checked_at
),
findings as (
    select resource, id, 'session_without_hall' as rule, cast(null as varchar) as detail
    from sessions
    where hall_id is null
    union all
    select resource, id, 'session_without_speaker' as rule, cast(null as varchar) as detail
    from sessions
    where session_key not in (select session_key from staging.session_speakers)
    union all
    select resource, id, 'session_without_track' as rule, cast(null as varchar) as detail
    from sessions
    where session_key not in (select session_key from staging.session_tracks)
    union all
    select resource, id, 'unknown_hall' as rule, hall_id as detail
    from sessions
    where hall_id is not null and hall_id not in (select hall_id from staging.halls)
    union all
    -- Some servers send no days at all: then it is not the sessions and breaks that are wrong.
    select resource, id, 'unknown_day' as rule, day_id as detail
    from entries
    where day_id is not null and day_id not in (select day_id from staging.days)
        and exists (select 1 from staging.days)
    union all
    select sessions.resource, sessions.id, 'unknown_speaker' as rule, links.speaker_id as detail
    from sessions
    inner join staging.session_speakers as links on links.session_key = sessions.session_key
    where links.speaker_id not in (select speaker_id from staging.speakers)
    union all
    select sessions.resource, sessions.id, 'unknown_track' as rule, links.track_id as detail
    from sessions
    inner join staging.session_tracks as links on links.session_key = sessions.session_key
    where links.track_id not in (select track_id from staging.tracks)
    union all
    select resource, id, 'no_readable_start' as rule, cast(null as varchar) as detail
    from entries
    where starts_at is null
    union all
    select resource, id, 'no_readable_end' as rule, cast(null as varchar) as detail
    from entries
    where ends_at is null
    union all
    select 'days' as resource, day_id as id, 'no_readable_date' as rule, cast(null as varchar) as detail
    from staging.days
    where day is null
    union all
    select resource, id, 'end_not_after_start' as rule, cast(cast(floor(minutes + 0.5) as bigint) as varchar) || ' minutes' as detail
    from entries
    where ends_at <= starts_at
    union all
    select resource, id, 'overlong_session' as rule, cast(cast(floor(minutes + 0.5) as bigint) as varchar) || ' minutes' as detail
    from sessions
    where minutes > 6 * 60
    union all
    select resource, id, 'starts_on_another_day' as rule, 'starts on ' || cast(local_day as varchar) || ', its day is ' || cast(day as varchar) as detail
    from entries
    where local_day <> day
    union all
    select resource, id, 'blank_name' as rule, cast(null as varchar) as detail
    from entries
    where macros.blank_to_null(title) is null
    union all
    select 'halls' as resource, hall_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.halls
    where macros.blank_to_null(hall) is null
    union all
    select 'speakers' as resource, speaker_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.speakers
    where speaker is null
    union all
    select 'tracks' as resource, track_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.tracks
    where macros.blank_to_null(track) is null
    union all
    select 'partners' as resource, partner_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.partners
    where company is null
    union all
    select 'participants' as resource, id, 'participant_without_address' as rule, cast(null as varchar) as detail
    from odd_people
    where not has_address
    union all
    select 'participants' as resource, id, 'unreadable_time' as rule, 'registered_at' as detail
    from odd_people
    where has_unreadable_registered_at
    union all
    select 'participants' as resource, id, 'unreadable_time' as rule, 'checked_at' as detail
    from odd_people
    where has_unreadable_checked_at
    union all
    select resource, id, 'impossible_number' as rule, 'capacity' as detail
    from sessions
    where capacity < 0
    union all
    select resource, id, 'impossible_number' as rule, 'capacity and available' as detail
    from sessions
    where capacity is not null and available is not null and macros.seats_taken(capacity, available) is null
    union all
    select resource, cast(null as varchar) as id, 'record_not_loaded' as rule, reason || ': ' || cast(records as varchar) as detail
    from staging.rejected
)
-- Identifiers of participants can repeat.
select distinct rule, resource, id, detail
from findings
order by rule, resource, id, detail
