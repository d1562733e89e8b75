with counted as (
    select
        pace.event,
        pace.day,
        macros.days_from(pace.day, overview.first_day) as days_to_opening,
        pace.registrations,
        pace.checkins
    from _copies.attendance_over_time as pace
    inner join events.events_overview as overview on overview.event = pace.event
),
known as (
    select
        event,
        max(days_to_opening) as starts_at,
        min(days_to_opening) as ends_at,
        cast(sum(registrations) as bigint) as registrations,
        cast(sum(checkins) as bigint) as checkins
    from counted
    group by event
),
spans as (
    -- From the first registration or check-in to the last one. While nothing comes in, the numbers stay: up to the last
    -- change of the data, and not beyond the last day.
    select
        known.event,
        overview.first_day,
        known.starts_at,
        case
            when macros.days_from(overview.last_day, overview.first_day) > overview.days_to_opening
                then macros.days_from(overview.last_day, overview.first_day)
            else overview.days_to_opening
        end as stays_until,
        known.ends_at
    from known
    inner join events.events_overview as overview on overview.event = known.event
    where known.starts_at is not null
),
reached as (
    select
        event,
        first_day,
        starts_at,
        case when stays_until < ends_at then stays_until else ends_at end as ends_at
    from spans
),
distances as (
    -- Those of all events, so that each has a row where another one has.
    select days_to_opening from counted where days_to_opening is not null
    union
    select ends_at as days_to_opening from reached
),
each_day as (
    select
        reached.event,
        macros.day_before(reached.first_day, distances.days_to_opening) as day,
        distances.days_to_opening
    from reached
    inner join distances on distances.days_to_opening between reached.ends_at and reached.starts_at
),
filled as (
    select
        each_day.event,
        each_day.day,
        each_day.days_to_opening,
        coalesce(counted.registrations, 0) as registrations,
        coalesce(counted.checkins, 0) as checkins
    from each_day
    left join counted on counted.event = each_day.event and counted.days_to_opening = each_day.days_to_opening
    union all
    -- Of an event whose first day is not known.
    select event, day, days_to_opening, registrations, checkins
    from counted
    where days_to_opening is null
    union all
    -- Those of unknown day come last.
    select
        overview.event,
        cast(null as date) as day,
        cast(null as bigint) as days_to_opening,
        overview.participants - coalesce(known.registrations, 0) as registrations,
        overview.checked_in - coalesce(known.checkins, 0) as checkins
    from events.events_overview as overview
    left join known on known.event = overview.event
    where overview.participants > coalesce(known.registrations, 0) or overview.checked_in > coalesce(known.checkins, 0)
),
cumulative as (
    select
        event,
        day,
        days_to_opening,
        registrations,
        checkins,
        sum(registrations) over (partition by event order by day nulls last) as registrations_so_far,
        sum(checkins) over (partition by event order by day nulls last) as checkins_so_far
    from filled
)
select
    cumulative.event,
    cumulative.day,
    cast(cumulative.days_to_opening as bigint) as days_to_opening,
    cast(cumulative.registrations as bigint) as registrations,
    cast(cumulative.registrations_so_far as bigint) as registrations_so_far,
    case
        when overview.is_over and overview.participants > 0
            then cast(cumulative.registrations_so_far as double) / cast(overview.participants as double)
    end as share_of_registrations,
    cast(cumulative.checkins as bigint) as checkins,
    cast(cumulative.checkins_so_far as bigint) as checkins_so_far,
    case
        when overview.is_over and overview.checked_in > 0
            then cast(cumulative.checkins_so_far as double) / cast(overview.checked_in as double)
    end as share_of_checkins
from cumulative
inner join events.events_overview as overview on overview.event = cumulative.event
order by cumulative.event, cumulative.day nulls last
