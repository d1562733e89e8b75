-- Expressions that several models need. A model calls macros.event_time("start"), and gets the expression in its place.

-- Text without the white space around it; null where nothing is left. (trim() leaves line breaks and tabs.)
create macro blank_to_null(sent) as nullif(regexp_replace(sent, '^[\s\p{Z}]+|[\s\p{Z}]+$', '', 'g'), '');

-- A time or the end of one, with its offset as the cast reads it: "UTC" and "gmt" are Z, and no blank is before it.
create macro close_offset(sent) as regexp_replace(
    regexp_replace(regexp_replace(sent, ' *([zZ]|[uU][tT][cC]|[gG][mM][tT])\s*$', 'Z'), ' +[+]', '+'), ' +-', '-'
);

-- What event_time reads less often: with white space, slashes, one digit for two, no seconds, and offsets of all forms.
-- "09:00+02:00" is a time of ISO 8601, yet the cast wants its seconds: ":00" goes in behind the minutes.
create macro unusual_time(sent) as case
    when regexp_matches(
        sent,
        '^\s*[1-8][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}((T| +)[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?)?\s*$'
    )
        then try_cast(sent as timestamp) at time zone $event_timezone
    when regexp_matches(
        sent,
        '^\s*[1-8][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}(T| +)[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?'
        || ' *([zZ]|[uU][tT][cC]|[gG][mM][tT]|[+-](0[0-9]|1[0-5])(:?[0-5][0-9]){0,2})\s*$'
    )
        then try_cast(
            macros.close_offset(
                case
                    when regexp_matches(sent, '[T ][0-9]{1,2}:[0-9]{2} *[a-zA-Z+-]')
                        then left(sent, strpos(sent, ':') + 2) || ':00' || substring(sent, strpos(sent, ':') + 3)
                    else sent
                end
            ) as timestamp with time zone
        )
end;

-- An instant from a time as the API sends it; null where it cannot be read.
-- An offset in the value counts; without one, the value is a wall-clock time of the event's zone.
-- Only what has the form of a time is cast. A cast alone reads "infinity", "epoch" and the year 290,309 before Christ as
-- well, with which most arithmetic fails, and the offset "+99:00". What is read has
-- * a year from 1000 to 8999: four digits, which no zone and no length makes five,
-- * an offset up to 15:59:59 either way, if any: no zone has ever had more.
-- Most servers send one of the first two forms, in up to a million records: these cost one or two patterns and a cast.
create macro event_time(sent) as case
    when regexp_matches(
        sent,
        '^[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?'
        || '(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$'
    )
        then try_cast(sent as timestamp with time zone)
    when regexp_matches(sent, '^[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?$')
        then try_cast(sent as timestamp) at time zone $event_timezone
    when sent is not null then macros.unusual_time(sent)
end;

-- Whether a text is meant as a time. Not so a blank, a flag, and a date of noughts, as MySQL has them for none; PHP makes
-- the thirtieth of November of the year before 0 of it.
create macro says_when(sent) as coalesce(
    not regexp_matches(macros.blank_to_null(sent), '^(0|1|[fF]alse|[tT]rue|0000-00-00.*|-0001-11-30.*)$'), false
);

-- Whether a text is meant as a time and cannot be read as one: one pattern finds most readable ones without a cast.
create macro unreadable_time(sent) as case
    when sent is null then false
    when regexp_matches(
        sent,
        '^[1-8][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?'
        || '(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])?$'
    )
        then false
    else macros.event_time(sent) is null and macros.says_when(sent)
end;

-- An identifier that a record refers to; null for a blank, which refers to nothing, and for JSON: an object without an
-- identifier, or a list, that came in the place of one, and may hold anything.
create macro reference(sent) as case
    when macros.blank_to_null(sent) is not null and sent <> '{}' and sent not like '{"%' and sent not like '[%' then sent
end;

-- The date of an instant on the clock of the event's zone.
create macro local_day(instant) as cast(instant at time zone $event_timezone as date);

-- Seats taken of those offered; null where that is more than a bigint can hold. Offered and free seats can be any bigint.
create macro seats_taken(capacity, available) as try_cast(cast(capacity as decimal(38, 0)) - available as bigint);

-- The time of day of a local time. A history of an early release can hold infinite times, which have none.
create macro time_of_day(local) as case
    when local between cast('1000-01-01' as timestamp) and cast('8999-12-31' as timestamp) then cast(local as time)
end;
