-- Expressions that several models need. A model calls macros.event_time("start"), and gets the expression in its place.

-- A time or the end of one, with its offset as the cast reads it: "UTC" and "gmt" are Z, and no blank is before it.
create macro close_offset(sent) as regexp_replace(
    regexp_replace(regexp_replace(sent, ' *([zZ]|[uU][tT][cC]|[gG][mM][tT])\s*$', 'Z'), ' +[+]', '+'), ' +-', '-'
);

-- An instant from a time as the API sends it; null where it cannot be read.
-- An offset in the value counts; without one, the value is a wall-clock time of the event's zone.
-- White space may follow: the cast to a timestamp reads over it, and over an offset that is not found.
-- Most servers send it as the cast reads it, in up to a million records: only the others are rewritten.
-- "09:00+02:00" is a time of ISO 8601, yet the cast wants its seconds: ":00" goes in behind the minutes.
create macro event_time(sent) as case
    when not regexp_matches(
        sent, ':[0-9.]+ *([zZ]|[uU][tT][cC]|[gG][mM][tT]|[+-][0-9]{2}(:?[0-9]{2}){0,2})\s*$'
    )
        then try_cast(sent as timestamp) at time zone $event_timezone
    when regexp_matches(sent, ':[0-9]{2}:[0-9.]+([zZ]|[+-])')
        then try_cast(sent as timestamp with time zone)
    when regexp_matches(sent, '[T ][0-9]{2}:[0-9]{2} *[a-zA-Z+-]')
        then try_cast(
            left(sent, strpos(sent, ':') + 2) || ':00'
            || macros.close_offset(substring(sent, strpos(sent, ':') + 3))
            as timestamp with time zone
        )
    else try_cast(macros.close_offset(sent) as timestamp with time zone)
end;

-- Text without the white space around it; null where nothing is left. (trim() leaves line breaks and tabs.)
create macro written(sent) as nullif(regexp_replace(sent, '^[\s\p{Z}]+|[\s\p{Z}]+$', '', 'g'), '');

-- An identifier that a record refers to; null for a blank, which refers to nothing, and for JSON: an object without an
-- identifier, or a list, that came in the place of one, and may hold anything.
create macro reference(sent) as case
    when macros.written(sent) is not null and sent <> '{}' and sent not like '{"%' and sent not like '[%' then sent
end;

-- The date of an instant on the clock of the event's zone.
create macro local_day(instant) as cast(instant at time zone $event_timezone as date);
