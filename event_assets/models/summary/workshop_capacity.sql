select
    sessions.session_key,
    sessions.title,
    sessions.day,
    sessions.starts_local,
    halls.hall,
    sessions.capacity,
    sessions.available,
    macros.booked_seats(sessions.capacity, sessions.available) as booked_seats,
    macros.overbooked_seats(sessions.available) as overbooked_seats,
    -- More can be booked than there are seats: the share stays within 0 and 1.
    case
        when sessions.capacity > 0 and sessions.available < 0 then cast(1 as double)
        when sessions.capacity > 0 and sessions.available > sessions.capacity then cast(0 as double)
        when sessions.capacity > 0 then cast(sessions.capacity - sessions.available as double) / sessions.capacity
    end as fill_share,
    case
        when sessions.booked then true
        -- Without a capacity, or with one of 0, nobody counts seats, so that none is free says nothing.
        when sessions.capacity > 0 and sessions.available is not null then sessions.available <= 0
        else sessions.booked
    end as is_full
from staging.sessions as sessions
left join staging.halls as halls on halls.hall_id = sessions.hall_id
where sessions.kind = 'workshop'
order by sessions.starts_at, halls.hall, sessions.session_key
