with different as (
    -- There may be a million participants, and few kinds of lists.
    select distinct tickets
    from staging.participants
),
wrapped as (
    -- One object stands for a list of it.
    select tickets, case when tickets like '{%' then '[' || tickets || ']' else tickets end as list
    from different
    where tickets like '[%' or tickets like '{%'
),
named as (
    select tickets, macros.names_of(list) as sent
    from wrapped
)
-- A ticket that is listed twice is one.
select distinct tickets, macros.blank_to_null(sent) as ticket
from named
where macros.blank_to_null(sent) is not null
