select
    events.event,
    events.missing,
    overview.event_id,
    -- What the settings say where a copy is missing, or has no programme yet.
    coalesce(overview.first_day, events.opens_on) as first_day,
    coalesce(overview.last_day, events.closes_on) as last_day,
    overview.days,
    coalesce(overview.last_day, events.closes_on) < events.today as is_over,
    events.is_archived,
    overview.as_of,
    overview.content_as_of,
    overview.partners_as_of,
    overview.participants_as_of,
    overview.days_to_opening,
    events.published_at,
    overview.halls,
    overview.tracks,
    overview.lectures,
    overview.workshops,
    overview.breaks,
    overview.session_minutes,
    overview.speakers,
    overview.partners,
    overview.sponsors,
    overview.exhibitors,
    overview.participants,
    overview.checked_in,
    overview.findings,
    overview.errors,
    overview.warnings
from _copies.events as events
left join _copies.event_overview as overview on overview.event = events.event
order by first_day nulls last, events.event
