"""Asks the API: what is asked for, how requests and pages follow one another, what a good answer looks like.

What becomes of a record is not known here.
"""
