-- What Spark writes in its own way, in the place of the macros of common.sql. Its sessions are in UTC.

create macro joined(label, place, separator) as case when count(label) > 0 then array_join(
    transform(
        array_sort(collect_list(case when label is not null then named_struct('place', place, 'label', label) end)),
        each -> each.label
    ), separator
) end;

create macro clock_of(instant) as cast(from_utc_timestamp(instant, $event_timezone) as timestamp);

-- It takes the first instant by itself.
create macro instant_of(clock) as to_utc_timestamp(clock, $event_timezone);

-- Sail casts before it looks at the condition.
create macro seats_taken(capacity, available)
as try_cast(cast(capacity as decimal(38, 0)) - cast(available as decimal(38, 0)) as bigint);

create macro instant_of_epoch(seconds) as cast(floor(seconds) as timestamptz);

create macro day_before(day, days) as date_sub(day, cast(days as integer));

create macro names_of(list) as explode(transform(from_json(list, 'array<struct<name:string>>'), each -> each.name));
