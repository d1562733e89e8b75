"""Describes runs and tables as OpenLineage's events, and sends them. Without Dagster; needs the extra ``openlineage``.

``datasets`` says what is known of a table, ``events`` what a run did, ``sending`` hands an event to the server. Which
runs there were is read by ``automation.openlineage``. Nothing imports this package before lineage is sent.
"""
