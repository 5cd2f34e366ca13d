"""Alembic's entry: it migrates on the connection it is handed."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from app.storage.tables import metadata


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain types, so that they outlive our column classes."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_plain_type,
    include_object=lambda _item, name, kind, *_: (
        not (kind == "table" and str(name).startswith("procrastinate_"))
    ),
)
context.run_migrations()
