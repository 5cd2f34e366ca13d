"""Numbered, forward-only changes of the schema; Alembic runs them at start."""

#: the newest revision; a test holds it equal to what Alembic finds in `versions/`
HEAD = "0001"
