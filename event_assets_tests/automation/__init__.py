"""Automation: tick by tick with the clock in hand, and as it happens, with the real daemon, runs and webhook."""
