select
    id as partner_id,
    macros.written(company) as company,
    description,
    macros.written(web) as web,
    macros.written(address) as address,
    macros.written(logo__url) as logo_url,
    macros.written(photo) as photo,
    coalesce(sponsor, false) as sponsor,
    coalesce(exhibitor, false) as exhibitor,
    sponsor_info__order as sponsor_order,
    exhibitor_info__order as exhibitor_order,
    macros.written(exhibitor_info__booth_number) as booth_number
from raw.partners
where removed_at is null
