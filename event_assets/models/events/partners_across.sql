with named as (
    select
        partners.event,
        partners.partner_id,
        partners.company,
        partners.sponsor,
        partners.exhibitor,
        macros.comparable_name(partners.company) as name,
        coalesce(cast(overview.first_day as varchar), '') || ' ' || partners.event as place,
        overview.first_day
    from _copies.partners_overview as partners
    inner join events.events_overview as overview on overview.event = partners.event
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
            when named.name is null then 'event ' || named.event || ' ' || named.partner_id
            when namesakes.name is not null then 'id ' || named.partner_id || ' ' || named.name
            else 'name ' || named.name
        end as partner_key
    from named
    left join namesakes on namesakes.name = named.name
),
ranked as (
    select
        *,
        row_number() over (
            partition by partner_key order by macros.by_code_point(place) desc, macros.by_code_point(partner_id)
        ) as recency
    from keyed
)
select
    partner_key,
    max(case when recency = 1 then company end) as company,
    count(*) as events,
    macros.joined(event, macros.by_code_point(place), ', ') as event_names,
    min(first_day) as first_event_day,
    max(first_day) as last_event_day,
    count(case when sponsor then 1 end) as sponsored_events,
    count(case when exhibitor then 1 end) as exhibited_events,
    max(case when sponsor then first_day end) as last_sponsored_day,
    bool_or(is_ambiguous) as is_ambiguous
from ranked
group by partner_key
order by events desc, partner_key
