"""Changes the tables: what they hold, what an answer changes in it, and what is erased of persons."""
