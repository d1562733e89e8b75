"""The command line: what `make run` and `make ui` start. Everything it does, the code location can do without it."""
