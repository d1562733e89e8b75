with alike as (
    -- Everybody is counted once; what follows has only as many rows as there are lists of tickets.
    select
        tickets,
        count(*) as holders,
        count(*) filter (where checked_in) as checked_in,
        min(registered_day) as first_registered_day,
        max(registered_day) as last_registered_day
    from staging.participants
    group by tickets
),
sizes as (
    -- Not count(*): Sail unfolds no list of which it needs no name, and counts it once.
    select tickets, count(ticket) as tickets_held
    from staging.ticket_lists
    group by tickets
),
held as (
    select
        coalesce(lists.ticket, '(none)') as ticket,
        alike.holders,
        alike.checked_in,
        case when sizes.tickets_held > 1 then 0 else alike.holders end as sole_holders,
        alike.first_registered_day,
        alike.last_registered_day
    from alike
    left join staging.ticket_lists as lists on lists.tickets = alike.tickets
    left join sizes on sizes.tickets = alike.tickets
),
everybody as (
    select cast(sum(holders) as double) as people from alike
)
select
    held.ticket,
    cast(sum(held.holders) as bigint) as holders,
    cast(sum(held.sole_holders) as bigint) as sole_holders,
    cast(sum(held.holders) as double) / max(everybody.people) as share_of_people,
    cast(sum(held.checked_in) as bigint) as checked_in,
    cast(sum(held.checked_in) as double) / cast(sum(held.holders) as double) as checkin_rate,
    min(held.first_registered_day) as first_registered_day,
    max(held.last_registered_day) as last_registered_day
from held
cross join everybody
group by held.ticket
order by holders desc, held.ticket
