"""How long a sync takes, and what it needs, beside other ways to do the same: ``make bench``.

``plan`` says what is measured, ``serving`` answers the requests, ``measuring`` runs one contender once, ``report``
makes tables of it. Nothing in here is imported by the package.
"""
