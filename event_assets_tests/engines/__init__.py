"""Tests of what must be the same on every engine, and the servers that they need."""
