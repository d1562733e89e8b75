"""The contenders that are not this project: each a script that asks the API and fills a DuckDB file.

They get the address and the token as ``BENCH_BASE_URL`` and ``BENCH_API_TOKEN``, and write ``warehouse.duckdb`` in the
folder they are started in.
"""
