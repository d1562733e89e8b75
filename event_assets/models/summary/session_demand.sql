select
    sessions.session_key,
    sessions.kind,
    sessions.title,
    sessions.day,
    sessions.starts_local,
    halls.hall,
    sessions.capacity,
    macros.booked_seats(sessions.capacity, sessions.available) as booked_seats,
    case when sessions.available < 0 then 0 else sessions.available end as free_seats,
    macros.overbooked_seats(sessions.available) as overbooked_seats,
    case
        when sessions.available > sessions.capacity then cast(0 as double)
        when sessions.capacity > 0
            then (cast(sessions.capacity as double) - cast(sessions.available as double)) / cast(sessions.capacity as double)
    end as demand_share
from staging.sessions as sessions
left join staging.halls as halls on halls.hall_id = sessions.hall_id
where sessions.capacity is not null
order by demand_share desc nulls last, sessions.starts_at, sessions.session_key
