with versions as (
    -- Names of early releases can be blank, or have blanks around.
    select
        entry_key,
        version,
        refresh_number,
        seen_at,
        is_removed,
        kind,
        macros.blank_to_null(title) as title,
        day,
        starts_at,
        ends_at,
        starts_local,
        ends_local,
        hall_id,
        macros.blank_to_null(hall) as hall,
        speaker_ids,
        macros.blank_to_null(speakers) as speakers,
        times_sent
    from history.entry_versions
),
steps as (
    select
        *,
        lag(is_removed) over (partition by entry_key order by version) as was_removed,
        lag(title) over (partition by entry_key order by version) as old_title,
        lag(day) over (partition by entry_key order by version) as old_day,
        lag(starts_at) over (partition by entry_key order by version) as old_starts_at,
        lag(ends_at) over (partition by entry_key order by version) as old_ends_at,
        lag(starts_local) over (partition by entry_key order by version) as old_starts_local,
        lag(ends_local) over (partition by entry_key order by version) as old_ends_local,
        lag(hall_id) over (partition by entry_key order by version) as old_hall_id,
        lag(hall) over (partition by entry_key order by version) as old_hall,
        lag(speaker_ids) over (partition by entry_key order by version) as old_speaker_ids,
        lag(speakers) over (partition by entry_key order by version) as old_speakers,
        lag(times_sent) over (partition by entry_key order by version) as old_times_sent
    from versions
),
later as (
    -- The programme as it was found first is where the history begins, and no change.
    -- Another zone in the settings moves nothing: an offset in the time keeps the instant, one without keeps the clock.
    select
        *,
        -- Where one of both is not known, the other one still says what has moved.
        nullif(
            coalesce(cast(starts_local as varchar), '?') || ' to ' || coalesce(cast(ends_local as varchar), '?'),
            '? to ?'
        ) as time_span,
        nullif(
            coalesce(cast(old_starts_local as varchar), '?') || ' to ' || coalesce(cast(old_ends_local as varchar), '?'),
            '? to ?'
        ) as old_time_span,
        starts_at is distinct from old_starts_at and starts_local is distinct from old_starts_local as has_other_start,
        ends_at is distinct from old_ends_at and ends_local is distinct from old_ends_local as has_other_end,
        -- A day that was read off the clock, and is another one only because the clock is.
        starts_at is not distinct from old_starts_at and starts_local is distinct from old_starts_local
            and day is not distinct from cast(starts_local as date)
            and old_day is not distinct from cast(old_starts_local as date) as has_day_of_another_clock,
        -- What is sent as before moves nothing, whatever the settings make of it. Release 0.1.0 did not keep what was sent.
        coalesce(times_sent = old_times_sent, false) as has_same_times
    from steps
    where version > 1 or refresh_number > 1
),
changes as (
    select *, 'added' as change, cast(null as varchar) as old_value, title as new_value
    from later
    where version = 1
    union all
    select *, 'removed' as change, title as old_value, cast(null as varchar) as new_value
    from later
    where is_removed
    union all
    select *, 'returned' as change, cast(null as varchar) as old_value, title as new_value
    from later
    where was_removed
    union all
    select *, 'renamed' as change, old_title as old_value, title as new_value
    from later
    where version > 1 and title is distinct from old_title
    union all
    select *, 'moved_day' as change, cast(old_day as varchar) as old_value, cast(day as varchar) as new_value
    from later
    where version > 1 and day is distinct from old_day and not has_day_of_another_clock and not has_same_times
    union all
    -- The same hours on another day are another day, and nothing else.
    select *, 'moved_time' as change, old_time_span as old_value, time_span as new_value
    from later
    where version > 1
        and not has_same_times
        and (
            day is not distinct from old_day and (has_other_start or has_other_end)
            or has_other_start and macros.time_of_day(starts_local) is distinct from macros.time_of_day(old_starts_local)
            or has_other_end and macros.time_of_day(ends_local) is distinct from macros.time_of_day(old_ends_local)
        )
    union all
    -- Two halls can have one name, and speakers none: where names do not show what has changed, identifiers do.
    select *, 'moved_hall' as change, coalesce(nullif(old_hall, hall), old_hall_id) as old_value,
        coalesce(nullif(hall, old_hall), hall_id) as new_value
    from later
    where version > 1 and hall_id is distinct from old_hall_id
    union all
    select *, 'speakers_changed' as change, coalesce(nullif(old_speakers, speakers), old_speaker_ids) as old_value,
        coalesce(nullif(speakers, old_speakers), speaker_ids) as new_value
    from later
    where version > 1 and speaker_ids is distinct from old_speaker_ids
)
select
    entry_key,
    version,
    change,
    refresh_number,
    seen_at,
    kind,
    title,
    day,
    old_value,
    new_value
from changes
order by refresh_number desc, entry_key, version, change
