select
    sessions.session_key,
    sessions.title,
    sessions.day,
    sessions.starts_local,
    halls.hall,
    sessions.capacity,
    sessions.available,
    -- More can be free than there are seats: then none is taken. (Not greatest(), which makes 0 of an unknown number.)
    case
        when sessions.available > sessions.capacity then 0
        else macros.seats_taken(sessions.capacity, sessions.available)
    end as seats_taken,
    -- Free seats below zero say so. Null where a bigint cannot hold it.
    case
        when sessions.available is null then null
        when sessions.available >= 0 then 0
        else macros.seats_taken(0, sessions.available)
    end as seats_overbooked,
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
