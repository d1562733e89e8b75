"""What lies across events: the inputs of the models in ``models/events``, and the warehouses that they are built in.

Values in, tables out, without Dagster: ``assets.across`` decides when. A cross-event model reads the published copies
of the events, never their warehouses: so it blocks nobody, and no personal data is in its reach.
"""
