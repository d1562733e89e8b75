select
    reviews.id as review_id,
    -- A lecture and a workshop can have the same identifier. The field of the API is named after lectures.
    coalesce(lectures.session_key, workshops.session_key) as session_key,
    macros.blank_to_null(reviews.user_id) as reviewer_id,
    reviews.stars,
    macros.blank_to_null(reviews.comment) as comment
from raw.reviews as reviews
left join staging.sessions as lectures on lectures.kind = 'lecture' and lectures.session_id = reviews.lecture_id
left join staging.sessions as workshops on workshops.kind = 'workshop' and workshops.session_id = reviews.lecture_id
where reviews.removed_at is null
