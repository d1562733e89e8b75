"""What the export says of the project, compared with what people read in the models and what Dagster and DuckDB say."""
