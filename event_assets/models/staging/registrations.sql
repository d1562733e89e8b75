select
    id as registration_id,
    macros.blank_to_null(status) as status,
    macros.blank_to_null(group_id) as group_id,
    email_valid as has_valid_address,
    send_email as gets_email
from raw.registrations
where removed_at is null
