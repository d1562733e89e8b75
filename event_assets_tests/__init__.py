"""The tests. Folders are named like the package's.

They run the real thing: the sandbox in process is the API, DuckDB files are real, and what the warehouse holds
afterwards is compared with a truth that is computed another way (``truth``).
"""
