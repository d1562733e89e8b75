-- Expressions that several models need, and those that each engine writes in its own way: macros/postgres.sql and
-- macros/spark.sql have others of the same name. A model calls macros.event_time(sent), and gets the expression.

-- White space, within a class of a regular expression: ASCII's, and Unicode's category Z. "\s" differs by engine.
create macro white_space() as ' \t\n\f\r\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}';

-- Text without the white space around it; null where nothing is left. (trim() leaves line breaks and tabs.)
create macro blank_to_null(sent) as nullif(
    regexp_replace(sent, '^[' || macros.white_space() || ']+|[' || macros.white_space() || ']+$', '', 'g'), ''
);

-- Text as it is, with the white space around it; null where there is nothing else. For long texts.
create macro unless_blank(sent) as case when regexp_matches(sent, '[^' || macros.white_space() || ']') then sent end;

-- What is left of HTML without its tags; null where that is no text. "<p></p>" is what editors leave of an empty one.
create macro text_of_html(sent) as macros.blank_to_null(regexp_replace(sent, '<[^>]*>|&nbsp;', '', 'g'));

-- The names of a list of objects as JSON, each in a row of its own; null for one without a name.
create macro names_of(list) as unnest(json_extract_string(list, '$[*].name'));

-- Text to compare or sort by: by code points, whatever the collation of the database.
create macro by_code_point(label) as label;

-- Text in small letters, of the Latin, Greek and Cyrillic alphabets. What lower() does differs by engine and collation.
create macro without_case(label) as translate(
    label,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅ'
    || 'ŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХ'
    || 'ЦЧШЩЪЫЬЭЮЯ',
    'abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņ'
    || 'ňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžαβγδεζηθικλμνξοπρστυφχψωѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфх'
    || 'цчшщъыьэюя'
);

-- A name to compare with others: without case, and each white space as one blank. Null where nothing is left.
create macro comparable_name(sent) as macros.without_case(
    regexp_replace(macros.blank_to_null(sent), '[' || macros.white_space() || ']+', ' ', 'g')
);

-- The texts of a group in the order of a column without nulls; null where there is no text.
create macro joined(label, place, separator) as string_agg(label, separator order by place nulls first);

-- Time between two instants that are whole seconds. Minutes are whole numbers: one that has begun counts.
create macro seconds(begins, ends) as date_diff('second', begins, ends);
create macro started_minutes(seconds) as cast(ceil(cast(seconds as double) / 60) as bigint);
create macro minutes(begins, ends) as macros.started_minutes(macros.seconds(begins, ends));

-- Days from one date to another.
create macro days_from(earlier, later) as date_diff('day', earlier, later);

-- The date a number of days before another one.
create macro day_before(day, days) as cast(day - to_days(cast(days as integer)) as date);

-- The instant of a number of seconds since 1970, cut to the second.
create macro instant_of_epoch(seconds) as to_timestamp(floor(seconds));

-- The last full quarter of an hour on a clock. (Apache Spark makes an instant of what it truncates, Sail does not.)
create macro quarter_of(clock) as cast(date_trunc('hour', clock) as timestamp) + case
    when extract(minute from clock) >= 45 then interval '45 minutes'
    when extract(minute from clock) >= 30 then interval '30 minutes'
    when extract(minute from clock) >= 15 then interval '15 minutes'
    else interval '0 minutes'
end;

-- What the clock of the event's zone shows at an instant.
create macro clock_of(instant) as instant at time zone $event_timezone;
create macro local_day(instant) as cast(macros.clock_of(instant) as date);

-- Whether a local start is on a day of the event, which goes on until six o'clock in the morning. If not, the day that a
-- session names is probably wrong.
create macro is_on_day(clock, day) as (
    clock >= cast(day as timestamp) and clock < cast(day as timestamp) + interval '30 hours'
);

-- An instant at which the clock shows a time: where it shows it twice, the last one.
create macro last_instant(clock) as clock at time zone $event_timezone;
-- The instant at which it shows a time, if its offset is that of the day before; also before it is set back.
create macro instant_as_before(clock) as macros.last_instant(clock - interval '24 hours') + interval '24 hours';

-- The instant at which the clock of the event's zone shows a time: the first one where it is set back, so that it shows
-- the time twice, as RFC 5545 has it. A time that it skips is read with the offset before: 02:30 becomes 03:30.
-- To look for an earlier one takes its time. By day there is none: no zone has set its clock back then since 1997.
create macro instant_of(clock) as case
    when extract(hour from clock) between 5 and 20 then macros.last_instant(clock)
    when macros.clock_of(macros.instant_as_before(clock)) = clock then macros.instant_as_before(clock)
    else macros.last_instant(clock)
end;

-- A date that the calendar has, of a year from 1000 to 8999: four digits, which no zone and no length makes five. What has
-- this form can be cast. Some engines read much more, as "epoch" and "now", and others fail.
create macro date_form() as (
    '([1-8][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))'
    || '|([1-8][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[1357][26])00)-02-29)'
);

-- A date and a time of day with its seconds. Of more than microseconds, some engines cut and others round.
create macro usual_clock_form() as (
    macros.date_form() || '[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?'
);

-- An instant from a time in its usual form; null for any other text.
-- An offset in the value counts, up to 15:59 either way: no zone has ever had more. Without one, the value is a time on
-- the clock of the event's zone.
-- Most servers send one of these two forms, in up to a million records: they cost one or two patterns and a cast.
create macro event_time(sent) as case
    when length(sent) > 19 -- As long as the other form is; a number is compared sooner than a pattern.
        and regexp_matches(sent, '^' || macros.usual_clock_form() || '(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])$')
        then cast(sent as timestamp with time zone)
    when regexp_matches(sent, '^' || macros.usual_clock_form() || '$') then macros.instant_of(cast(sent as timestamp))
end;

-- The other forms of ISO 8601: no seconds, more decimals, 24:00, offsets without colon or minutes; also with blanks before
-- the offset, and "UTC" or "GMT" for Z.
create macro other_form() as (
    macros.date_form() || '[T ](([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?|24:00(:00([.]0+)?)?)'
    || ' *([zZ]|[uU][tT][cC]|[gG][mM][tT]|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?'
);

-- Of a text in another form: date and time of day in the usual form, cut to microseconds. 24:00 is 00:00 of the next day.
create macro usual_clock(sent) as case
    when substring(sent, 12, 2) = '24'
        then strftime(cast(left(sent, 10) as timestamp) + interval '24 hours', '%Y-%m-%d') || ' 00:00:00'
    when substring(sent, 17, 1) = ':'
        then left(regexp_replace(sent, ' *([a-zA-Z]+|[+-][0-9:]+)$', ''), 26)
    else left(sent, 16) || ':00'
end;

-- Its offset: "+0200", "-05" or "utc"; "" where there is none.
create macro other_offset(sent) as replace(regexp_replace(sent, '^.{16}[0-9:.]* *', ''), ':', '');
create macro usual_offset(sent) as case
    when macros.other_offset(sent) = '' then ''
    when left(macros.other_offset(sent), 1) in ('+', '-')
        then left(macros.other_offset(sent), 3) || ':'
            || coalesce(nullif(substring(macros.other_offset(sent), 4, 2), ''), '00')
    else 'Z'
end;

-- A time in the usual form, from a text without white space around it; null where that is none. A date is its midnight.
create macro usual_time(sent) as case
    when length(sent) = 10 and regexp_matches(sent, '^' || macros.date_form() || '$') then sent || ' 00:00:00'
    when regexp_matches(sent, '^' || macros.other_form() || '$') then macros.usual_clock(sent) || macros.usual_offset(sent)
end;

-- Whether a text that cannot be read as a time is meant as one. Not so a blank, a flag, and a date of noughts, as MySQL has
-- them for none; PHP makes the thirtieth of November of the year before 0 of it.
create macro says_when(sent) as coalesce(
    not regexp_matches(macros.blank_to_null(sent), '^(0$|1$|[fF]alse$|[tT]rue$|0000-00-00|-0001-11-30)'), false
);

-- What was sent of the day and the times of an entry, to tell whether they have changed.
create macro times_sent(day, begins, ends) as coalesce(day, '') || ' | ' || coalesce(begins, '') || ' | ' || coalesce(ends, '');

-- An identifier that a record refers to; null for a blank, which refers to nothing, and for JSON: an object without an
-- identifier, or a list, that came in the place of one, and may hold anything.
create macro reference(sent) as case
    when macros.blank_to_null(sent) is not null and sent <> '{}' and sent not like '{"%' and sent not like '[%' then sent
end;

-- Seats taken of those offered; null where that is more than a bigint can hold. Offered and free seats can be any bigint.
create macro seats_taken(capacity, available) as case
    when cast(capacity as decimal(38, 0)) - cast(available as decimal(38, 0))
        between cast('-9223372036854775808' as decimal(38, 0)) and cast('9223372036854775807' as decimal(38, 0))
        then cast(cast(capacity as decimal(38, 0)) - cast(available as decimal(38, 0)) as bigint)
end;

-- The seats that are booked. More can be free than there are: then none is. (Not greatest(), which makes 0 of an unknown
-- number.)
create macro booked_seats(capacity, available) as case
    when available > capacity then 0 else macros.seats_taken(capacity, available)
end;

-- Free seats below zero say how many more are booked than there are: they wait, or come in vain.
create macro overbooked_seats(available) as case
    when available < 0 then macros.seats_taken(0, available) when available >= 0 then 0
end;

-- Seconds of a local time since midnight. A history of an early release can hold infinite times, which have none.
create macro time_of_day(clock) as case
    when clock between cast('1000-01-01' as timestamp) and cast('8999-12-31' as timestamp)
        then extract(hour from clock) * 3600 + extract(minute from clock) * 60 + extract(second from clock)
end;
