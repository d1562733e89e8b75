"""Tests of what lies across events."""
