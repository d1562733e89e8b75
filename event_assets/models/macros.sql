-- Expressions that several models need. A model calls macros.event_time("start"), and gets the expression in its place.

-- An instant from a time as the API sends it; null where it cannot be read.
-- An offset in the value counts; without one, the value is a wall-clock time of the event's zone.
-- "09:00+02:00" is a time of ISO 8601, yet the cast wants its seconds: ":00" goes in behind the minutes.
create macro event_time(sent) as case
    when not regexp_matches(sent, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?) *$')
        then try_cast(sent as timestamp) at time zone $event_timezone
    when regexp_matches(sent, '[T ][0-9]{2}:[0-9]{2}[zZ+-]')
        then try_cast(
            left(sent, strpos(sent, ':') + 2) || ':00' || substring(sent, strpos(sent, ':') + 3)
            as timestamp with time zone
        )
    else try_cast(sent as timestamp with time zone)
end;

-- The date of an instant on the clock of the event's zone.
create macro local_day(instant) as cast(instant at time zone $event_timezone as date);
