with named as (
    select
        loads.event,
        loads.speaker_id,
        loads.speaker,
        loads.company,
        loads.sessions,
        loads.minutes,
        macros.comparable_name(loads.speaker) as name,
        coalesce(cast(overview.first_day as varchar), '') || ' ' || loads.event as place,
        overview.first_day
    from _copies.speaker_load as loads
    inner join events.events_overview as overview on overview.event = loads.event
),
namesakes as (
    select distinct name
    from named
    where name is not null
    group by event, name
    having count(*) > 1
),
keyed as (
    select
        named.*,
        namesakes.name is not null as is_ambiguous,
        case
            when named.name is null then 'event ' || named.event || ' ' || named.speaker_id
            when namesakes.name is not null then 'id ' || named.speaker_id || ' ' || named.name
            else 'name ' || named.name
        end as speaker_key
    from named
    left join namesakes on namesakes.name = named.name
),
ranked as (
    select
        *,
        row_number() over (
            partition by speaker_key order by macros.by_code_point(place) desc, macros.by_code_point(speaker_id)
        ) as recency
    from keyed
)
select
    speaker_key,
    max(case when recency = 1 then speaker end) as speaker,
    max(case when recency = 1 then company end) as company,
    count(*) as events,
    macros.joined(event, macros.by_code_point(place), ', ') as event_names,
    min(first_day) as first_event_day,
    max(first_day) as last_event_day,
    cast(sum(sessions) as bigint) as sessions,
    cast(sum(minutes) as bigint) as minutes,
    bool_or(is_ambiguous) as is_ambiguous
from ranked
group by speaker_key
order by events desc, speaker_key
