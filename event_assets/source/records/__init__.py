"""Processes records: keys, fingerprints, types and personal data.

Nothing here asks the API, and nothing knows the warehouse.
"""
