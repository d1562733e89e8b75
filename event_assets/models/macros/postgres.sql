-- What PostgreSQL writes in its own way, in the place of the macros of common.sql.

-- A database is often made with a collation, which sorts "a" before "B".
create macro by_code_point(label) as label collate "C";

create macro seconds(begins, ends) as cast(extract(epoch from ends - begins) as bigint);

create macro days_from(earlier, later) as cast(later - earlier as bigint);

create macro day_before(day, days) as cast(day - cast(days as integer) as date);

create macro names_of(list) as jsonb_extract_path_text(jsonb_array_elements(cast(list as jsonb)), 'name');
