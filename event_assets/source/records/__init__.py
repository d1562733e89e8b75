"""Judges records: keys, fingerprints, values that fit the declared types, personal data.

Nothing here asks the API, and nothing knows the warehouse.
"""
