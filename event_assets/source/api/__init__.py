"""Requests the API: resources, retries, pages, and the validation of responses.

What becomes of a record is not known here.
"""
