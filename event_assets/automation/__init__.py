"""When what is materialised, and who is told if it is not. What an asset is and does is not known here.

``phases`` and ``freshness`` say how old tables may become, ``conditions`` what starts by itself because of that or of
data versions (``assets.versions``), ``change_sensor`` what starts because the API has changed,
``schedules`` what starts by the clock, ``jobs`` what people start. ``up_to_date`` keeps the checks that say so,
``alerts`` tells people, ``phase_sensor`` lets the promises follow the event. ``declare`` puts it on the assets.
"""
