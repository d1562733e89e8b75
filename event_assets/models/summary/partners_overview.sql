with profiles as (
    select
        partner_id,
        company,
        sponsor,
        exhibitor,
        sponsor_order,
        exhibitor_order,
        booth_number,
        -- "<p></p>" is what editors leave of an empty description. In the order of the profile page.
        case
            when macros.blank_to_null(regexp_replace(description, '<[^>]*>|&nbsp;', '', 'g')) is null
                then ', description'
            else ''
        end
        || case when web is null then ', web' else '' end
        || case when address is null then ', address' else '' end
        || case when logo_url is null then ', logo' else '' end
        || case when photo is null then ', photo' else '' end as missing_fields
    from staging.partners
)
select
    partner_id,
    company,
    sponsor,
    exhibitor,
    sponsor_order,
    exhibitor_order,
    booth_number,
    1 - cast(length(missing_fields) - length(replace(missing_fields, ',', '')) as double) / 5 as profile_completeness,
    nullif(substring(missing_fields, 3), '') as missing
from profiles
order by profile_completeness, company, partner_id
