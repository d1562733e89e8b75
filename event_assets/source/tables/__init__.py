"""Declares the tables of ``raw``: their columns, types, descriptions and keys."""
