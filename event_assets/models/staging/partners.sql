select
    id as partner_id,
    nullif(trim(company), '') as company,
    description,
    nullif(trim(web), '') as web,
    nullif(trim(address), '') as address,
    nullif(trim(logo__url), '') as logo_url,
    nullif(trim(photo), '') as photo,
    coalesce(sponsor, false) as sponsor,
    coalesce(exhibitor, false) as exhibitor,
    sponsor_info__order as sponsor_order,
    exhibitor_info__order as exhibitor_order,
    nullif(trim(exhibitor_info__booth_number), '') as booth_number
from raw.partners
where removed_at is null
