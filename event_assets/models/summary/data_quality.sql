with rules as (
    select *
    from (values
        ('record_not_loaded', 'error', 'Look up raw.rejected. Correct the record in the event system.'),
        ('unknown_hall', 'error', 'Choose a hall of the list, or add the hall to it.'),
        ('unknown_day', 'error', 'Choose a day of the list, or add the day to it.'),
        ('unknown_speaker', 'error', 'Choose a speaker of the list, or add the speaker to it.'),
        ('unknown_track', 'error', 'Choose a track of the list, or add the track to it.'),
        ('no_readable_start', 'error', 'Enter the start.'),
        ('no_readable_end', 'error', 'Enter the end.'),
        ('no_readable_date', 'error', 'Enter the date.'),
        ('end_not_after_start', 'error', 'Correct the start or the end.'),
        ('impossible_number', 'error', 'Correct the seats.'),
        ('unreadable_time', 'error', 'Correct the time, or have the event system send it in ISO 8601.'),
        ('blank_name', 'warning', 'Enter the name.'),
        ('session_without_hall', 'warning', 'Choose a hall, unless the session takes place in none.'),
        ('session_without_speaker', 'warning', 'Add the speaker, unless nobody speaks.'),
        ('starts_on_another_day', 'warning', 'Correct the day or the start.'),
        ('overlong_session', 'note', 'Correct the end, unless it is meant.'),
        ('session_without_track', 'note', 'Choose a track, if the programme is divided by tracks.'),
        ('participant_without_address', 'note', 'Enter the e-mail address, unless the account is a placeholder.')
    ) as listed(rule, severity, what_to_do)
),
sessions as (
    select *, kind || 's' as resource, session_id as id
    from staging.sessions
),
entries as (
    select resource, id, day_id, day, local_day, title, starts_at, ends_at, starts_local, minutes, hall_id
    from sessions
    union all
    select 'pauses' as resource, pause_id as id, day_id, day, local_day, title, starts_at, ends_at, starts_local, minutes,
        cast(null as varchar) as hall_id
    from staging.pauses
),
odd_people as (
    -- Gone through once, as there may be a million.
    select participant_id as id, has_address, has_unreadable_registered_at, has_unreadable_checked_at
    from staging.participants
    where not has_address or has_unreadable_registered_at or has_unreadable_checked_at
),
found as (
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
    select resource, id, 'end_not_after_start' as rule, cast(minutes as varchar) || ' minutes' as detail
    from entries
    where ends_at <= starts_at
    union all
    select resource, id, 'overlong_session' as rule, cast(minutes as varchar) || ' minutes' as detail
    from sessions
    where minutes > 6 * 60
    union all
    select resource, id, 'starts_on_another_day' as rule, 'starts on ' || cast(local_day as varchar) || ', its day is ' || cast(day as varchar) as detail
    from entries
    where local_day <> day
    union all
    select resource, id, 'blank_name' as rule, cast(null as varchar) as detail
    from entries
    where title is null
    union all
    select 'halls' as resource, hall_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.halls
    where hall is null
    union all
    select 'speakers' as resource, speaker_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.speakers
    where speaker is null
    union all
    select 'tracks' as resource, track_id as id, 'blank_name' as rule, cast(null as varchar) as detail
    from staging.tracks
    where track is null
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
),
totals as (
    select resource, count(*) as records from entries group by resource
    union all
    select 'days' as resource, count(*) as records from staging.days
    union all
    select 'halls' as resource, count(*) as records from staging.halls
    union all
    select 'speakers' as resource, count(*) as records from staging.speakers
    union all
    select 'tracks' as resource, count(*) as records from staging.tracks
    union all
    select 'partners' as resource, count(*) as records from staging.partners
    union all
    select 'participants' as resource, count(*) as records from staging.participants
),
details as (
    -- Accounts can share an identifier, or have none.
    select rule, resource, id, detail, count(*) as records
    from found
    group by rule, resource, id, detail
),
numbered as (
    -- One session may name several unknown speakers, and one account have two unreadable times.
    select
        *,
        row_number() over (partition by rule, resource, id order by records desc, macros.by_code_point(detail)) as place
    from details
),
concerned as (
    select
        numbered.*,
        sum(case when place = 1 then numbered.records else 0 end) over (partition by rule, numbered.resource) as of_rule,
        totals.records as of_resource
    from numbered
    left join totals on totals.resource = numbered.resource
),
judged as (
    -- What is so for most is no mistake of each, but how the event is. Less than ten are soon gone through.
    select *, coalesce(of_rule >= 10 and of_rule * 2 > of_resource, false) as is_usual
    from concerned
),
findings as (
    select
        rule,
        resource,
        case when not is_usual then id end as id,
        cast(max(case when is_usual then of_rule else records end) as bigint) as records,
        case
            when is_usual
                then 'most of the event: ' || cast(max(of_rule) as varchar) || ' of ' || cast(max(of_resource) as varchar)
            else max(detail)
        end as detail
    from judged
    group by rule, resource, is_usual, case when not is_usual then id end, case when not is_usual then detail end
    union all
    select 'record_not_loaded' as rule, resource, cast(null as varchar) as id, records,
        reason || ': ' || cast(records as varchar) as detail
    from staging.rejected
)
select
    rules.severity,
    findings.rule,
    findings.resource,
    findings.id,
    findings.records,
    entries.title,
    entries.day,
    entries.starts_local,
    halls.hall,
    findings.detail,
    rules.what_to_do
from findings
left join rules on rules.rule = findings.rule
left join entries on entries.resource = findings.resource and entries.id = findings.id
left join staging.halls as halls on halls.hall_id = entries.hall_id
order by
    case rules.severity when 'error' then 1 when 'warning' then 2 else 3 end,
    findings.rule, findings.resource, entries.starts_local, findings.id, findings.detail
