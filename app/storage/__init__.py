"""The truth on disk: tables, queries by aggregate, migrations; one query text for both engines."""
