"""The models: how they are read, and what they make of rows."""
