select
    sessions.session_key,
    sessions.kind,
    sessions.title,
    sessions.day,
    sessions.starts_local,
    halls.hall,
    sessions.capacity,
    -- More can be free than there are seats: then none is taken.
    case
        when sessions.available > sessions.capacity then 0
        else macros.seats_taken(sessions.capacity, sessions.available)
    end as booked_seats,
    case when sessions.available < 0 then 0 else sessions.available end as free_seats,
    -- Less than none is free where more are booked than there are seats: they wait, or come in vain.
    case when sessions.available < 0 then macros.seats_taken(0, sessions.available) when sessions.available >= 0 then 0 end as overbooked_seats,
    case
        when sessions.available > sessions.capacity then cast(0 as double)
        when sessions.capacity > 0
            then (cast(sessions.capacity as double) - cast(sessions.available as double)) / cast(sessions.capacity as double)
    end as demand_share
from staging.sessions as sessions
left join staging.halls as halls on halls.hall_id = sessions.hall_id
where sessions.capacity is not null
order by demand_share desc nulls last, sessions.starts_at, sessions.session_key
