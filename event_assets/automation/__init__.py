"""When what is materialised, and who is alerted if it is not. What an asset is and does is not known here.

``phases`` and ``freshness`` say how old tables may become, ``graph`` and ``facts`` what there is and what has become of
it. ``planner`` decides by them what is to be done, and why (``reasons``); ``conditions`` start it. ``change_sensor``
starts what the API has changed, ``schedules`` what starts by the clock, ``jobs`` what people start. ``up_to_date``
keeps the checks that say so, ``alerts`` alerts people, ``phase_sensor`` lets the freshness policies follow the event,
``orphaned_runs`` ends those whose process is gone. ``declare`` puts it on the assets.
"""
