select
    id as partner_id,
    macros.blank_to_null(company) as company,
    macros.unless_blank(description) as description,
    macros.blank_to_null(web) as web,
    macros.blank_to_null(address) as address,
    macros.blank_to_null(logo__url) as logo_url,
    macros.blank_to_null(photo) as photo,
    coalesce(sponsor, false) as sponsor,
    coalesce(exhibitor, false) as exhibitor,
    sponsor_info__order as sponsor_order,
    exhibitor_info__order as exhibitor_order,
    macros.blank_to_null(exhibitor_info__booth_number) as booth_number
from raw.partners
where removed_at is null
