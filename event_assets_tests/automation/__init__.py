"""Automation as it happens: the real daemon, the real runs, a real webhook."""
