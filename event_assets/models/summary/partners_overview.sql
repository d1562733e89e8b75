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
        list_filter(
            [
                case
                    when trim(regexp_replace(coalesce(description, ''), '<[^>]*>|&nbsp;|\s', '', 'g')) = ''
                        then 'description'
                end,
                case when web is null then 'web' end,
                case when address is null then 'address' end,
                case when logo_url is null then 'logo' end,
                case when photo is null then 'photo' end
            ],
            field -> field is not null
        ) as missing_fields
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
    1 - len(missing_fields) / 5.0 as profile_completeness,
    nullif(array_to_string(missing_fields, ', '), '') as missing
from profiles
order by profile_completeness, company, partner_id
