"""Every table. Columns carry the names of the models' fields."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app import models
from app.storage.columns import Instant, Real, Texts, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, ForeignKey(f"{target}.id"), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


brand = Table(
    "brand",
    metadata,
    _id(),
    Column("name", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("language", String, nullable=False),
    Column("grid", String, nullable=False),
    _at("created_at"),
)

member = Table(
    "member",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    Column("user_id", BigInteger, nullable=False),
    Column("role", Word(models.Role), nullable=False),
    Column("name", String, nullable=False),
    Column("language", String),
    _at("created_at"),
    UniqueConstraint("brand_id", "user_id"),
)

topic = Table(
    "topic",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    Column("text", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("author_id", BigInteger, nullable=False),
    Column("source_key", String, nullable=False, unique=True),
    _at("created_at"),
)

draft = Table(
    "draft",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    Column("number", Integer, nullable=False),
    _ref("topic_id", "topic"),
    Column("author_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("language", String, nullable=False),
    Column("theme", String, nullable=False),
    Column("theme_guessed", Boolean, nullable=False),
    Column("template_id", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("unknown_words", Texts, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("prompt_edited", Boolean, nullable=False),
    Column("caption_edited", Boolean, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("caption", Text, nullable=False),
    Column("hashtags", Texts, nullable=False),
    Column("alt_text", Text, nullable=False),
    Column("state", Word(models.DraftState), nullable=False),
    Column("version", Integer, nullable=False),
    Column("image_id", Integer),
    Column("painting_id", Integer),
    Column("failure", String),
    Column("decided_by", String),
    _at("decided_at", nullable=True),
    _at("created_at"),
    _at("updated_at"),
    UniqueConstraint("brand_id", "number"),
)
Index("ix_draft_state", draft.c.state)

image = Table(
    "image",
    metadata,
    _id(),
    _ref("draft_id", "draft", nullable=True),
    Column("state", Word(models.ImageState), nullable=False),
    Column("provider", String, nullable=False),
    Column("model", String, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("output_format", String, nullable=False),
    Column("seed", BigInteger),
    Column("handle", JSON),
    Column("result_url", Text),
    _at("result_expires_at", nullable=True),
    _at("deadline_at"),
    Column("fence", Integer, nullable=False, default=0),
    Column("owner", String),
    _at("lease_until", nullable=True),
    Column("cost_amount", Real),
    Column("cost_unit", String, nullable=False),
    Column("cost_usd", Real),
    Column("cost_basis", String, nullable=False),
    Column("path", String),
    Column("mime", String),
    Column("file_size", Integer),
    Column("real_width", Integer),
    Column("real_height", Integer),
    Column("file_id", String),
    Column("error_code", String),
    Column("error_text", Text),
    Column("request_id", String),
    _at("created_at"),
    _at("updated_at"),
)
Index("ix_image_draft_id", image.c.draft_id)
Index(
    "ix_image_lease_until",
    image.c.lease_until,
    sqlite_where=text("state IN ('intended', 'submitting', 'accepted', 'ready')"),
    postgresql_where=text("state IN ('intended', 'submitting', 'accepted', 'ready')"),
)

destination = Table(
    "destination",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    Column("kind", String, nullable=False),
    Column("address", String, nullable=False),
    Column("title", String, nullable=False),
    Column("username", String),
    Column("state", Word(models.DestinationState), nullable=False),
    Column("problem", String),
    Column("added_by", BigInteger),
    _at("created_at"),
    _at("checked_at", nullable=True),
    UniqueConstraint("kind", "address"),
)

post = Table(
    "post",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    _ref("draft_id", "draft"),
    Column("draft_version", Integer, nullable=False),
    _at("due"),
    Column("wall", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("created_by", String, nullable=False),
    _at("created_at"),
)
Index("ix_post_draft_id", post.c.draft_id)

delivery = Table(
    "delivery",
    metadata,
    _id(),
    _ref("post_id", "post"),
    _ref("draft_id", "draft"),
    _ref("destination_id", "destination"),
    Column("ikey", String, nullable=False, unique=True),
    _at("due"),
    Column("state", Word(models.DeliveryState), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", String),
    _at("lease_until", nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("remote_id", String),
    Column("remote_url", String),
    Column("reason", String),
    Column("error_text", Text),
    _at("updated_at"),
    UniqueConstraint("post_id", "destination_id"),
)
Index("ix_delivery_draft_id", delivery.c.draft_id)
Index(
    "ix_delivery_due",
    delivery.c.due,
    sqlite_where=text("state = 'scheduled'"),
    postgresql_where=text("state = 'scheduled'"),
)
Index(
    "ix_delivery_lease_until",
    delivery.c.lease_until,
    sqlite_where=text("state IN ('dispatched', 'publishing')"),
    postgresql_where=text("state IN ('dispatched', 'publishing')"),
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    _ref("delivery_id", "delivery"),
    Column("fence", Integer, nullable=False),
    _at("started_at"),
    _at("finished_at", nullable=True),
    Column("outcome", String, nullable=False),
    Column("error_text", Text),
    UniqueConstraint("delivery_id", "fence"),
)

announcement = Table(
    "announcement",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    Column("kind", Word(models.AnnouncementKind), nullable=False),
    _ref("draft_id", "draft", nullable=True),
    Column("detail", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    _at("created_at"),
    _at("done_at", nullable=True),
)
Index(
    "ix_announcement_open",
    announcement.c.id,
    sqlite_where=text("done_at IS NULL"),
    postgresql_where=text("done_at IS NULL"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _ref("brand_id", "brand"),
    _at("at"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("draft_id", Integer),
    Column("detail", JSON, nullable=False),
)
Index("ix_audit_draft_id", audit.c.draft_id)

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("payload", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error_text", Text),
    _at("received_at"),
    _at("done_at", nullable=True),
    _at("quarantined_at", nullable=True),
)
Index(
    "ix_inbox_open",
    inbox.c.update_id,
    sqlite_where=text("done_at IS NULL"),
    postgresql_where=text("done_at IS NULL"),
)

card = Table(
    "card",
    metadata,
    _id(),
    _ref("draft_id", "draft"),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger, nullable=False),
    Column("shown", String, nullable=False),
    UniqueConstraint("chat_id", "message_id"),
)
Index("ix_card_draft_id", card.c.draft_id)

question = Table(
    "question",
    metadata,
    _id(),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    _ref("draft_id", "draft"),
    Column("draft_version", Integer, nullable=False),
    Column("field", String, nullable=False),
    _at("expires_at"),
    Column("answered_by", BigInteger),
)
Index("ix_question_chat_id_user_id", question.c.chat_id, question.c.user_id)

stranger = Table(
    "stranger",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    _at("told_at"),
)

pace = Table(
    "pace",
    metadata,
    Column("key", String, primary_key=True),
    Column("seconds", Real, nullable=False),
    Column("samples", Integer, nullable=False),
)

note = Table(
    "note",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
