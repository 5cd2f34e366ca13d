"""How a draft looks in the chat: one photo message, edited in place through all its states."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

from telegram import InlineKeyboardMarkup

from app.captions import CAPTION_LIMIT, post_text, utf16_length
from app.models import (
    Brand,
    Delivery,
    DeliveryState,
    Destination,
    DraftState,
    Image,
    Post,
)
from app.views import DraftView
from bot.keyboards import CardKeyboard, theme_name
from bot.texts import Texts

#: the prompt gets what the post's text leaves, but never less than this many characters
_PROMPT_AT_LEAST = 80
#: long names of many channels, or many unknown words, must leave room for the post's text
_NOTES_AT_MOST = 500
_ELLIPSIS = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What a card shows: a file of ours, maybe known to Telegram already; `key` tells it apart."""

    key: str
    path: Path | None
    file_id: str | None
    image_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CardFace:
    """A card ready to be sent."""

    picture: Picture
    html: str
    keyboard: InlineKeyboardMarkup

    @property
    def digest(self) -> str:
        """Changes exactly when the message would."""
        text = f"{self.html}\n{self.keyboard.to_json()}"
        return f"{self.picture.key}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CardFacts:
    """Everything a card is derived from; nothing of it is stored twice."""

    view: DraftView
    brand: Brand
    post: Post | None
    deliveries: Sequence[Delivery]
    destinations: Sequence[Destination]
    next_free: datetime | None
    now: datetime

    @property
    def connected(self) -> Sequence[Destination]:
        """Where a post would go."""
        return [one for one in self.destinations if one.state == "active"]


class CardPainter:
    """Draws the card of one draft in one language."""

    def __init__(self, facts: CardFacts, texts: Texts) -> None:
        """`facts` are what is true now."""
        self._facts = facts
        self._view = facts.view
        self._draft = facts.view.draft
        self._texts = texts
        self._zone = ZoneInfo(facts.brand.zone)

    def face(self, picture: Picture) -> CardFace:
        """Picture, text and buttons together."""
        return CardFace(picture=picture, html=self._html(), keyboard=self.keyboard().main())

    def keyboard(self) -> CardKeyboard:
        """The buttons of this draft."""
        return CardKeyboard(
            self._view,
            self._facts.deliveries,
            texts=self._texts,
            zone=self._zone,
            now=self._facts.now,
            next_free=self._facts.next_free,
            connected=bool(self._facts.connected),
        )

    def state(self) -> str:
        """The word for what this draft is now, derived from the draft and its deliveries."""
        draft_state = self._draft.state
        if draft_state is DraftState.REVIEW and self._view.image is None:
            return "prompt"
        if draft_state is DraftState.SCHEDULED:
            return self._delivery_state()
        return str(draft_state)

    def _delivery_state(self) -> str:
        states = {one.state for one in self._facts.deliveries}
        for state, word in (
            (DeliveryState.UNKNOWN, "unknown"),
            (DeliveryState.MISSED, "missed"),
        ):
            if state in states:
                return word
        if DeliveryState.FAILED in states:
            return "partly" if DeliveryState.PUBLISHED in states else "delivery_failed"
        return "sending" if DeliveryState.PUBLISHING in states else "scheduled"

    def _html(self) -> str:
        """Head, the text exactly as it goes out, what is to be said, the prompt where it fits."""
        head = self._head()
        post = post_text(self._draft.caption, self._draft.hashtags)
        notes = _shortened("\n".join(self._notes()), _NOTES_AT_MOST)
        used = utf16_length(f"{_plain(head)}\n\n\n\n{notes}\n")
        shows_prompt = self._draft.state in (
            DraftState.PAINTING,
            DraftState.REVIEW,
            DraftState.FAILED,
        )
        reserved = _PROMPT_AT_LEAST if shows_prompt else 0
        text = _shortened(post, CAPTION_LIMIT - used - reserved)
        parts = [head, escape(text), escape(notes)]
        if shows_prompt:
            left = CAPTION_LIMIT - used - utf16_length(text) - 4
            prompt = self._texts("card.prompt", prompt=self._draft.prompt)
            parts.append(f"<blockquote expandable>{escape(_shortened(prompt, left))}</blockquote>")
        return "\n\n".join(part for part in parts if part)

    def _head(self) -> str:
        theme = escape(theme_name(self._texts, self._draft.theme))
        if self._draft.theme_guessed:
            theme = self._texts("card.theme_guessed", theme=theme)
        head = self._texts(
            "card.head",
            number=self._draft.number,
            state=self._texts(f"state.{self.state()}"),
            version=self._draft.version,
            theme=theme,
        )
        return f"{head}{self._spent()}"

    def _spent(self) -> str:
        totals: dict[str, float] = {}
        for cost in self._view.spent:
            if cost.amount:
                totals[cost.unit] = totals.get(cost.unit, 0) + cost.amount
        if not totals:
            return ""
        amounts = (self._texts(f"price.{unit}", amount=f"{totals[unit]:g}") for unit in totals)
        return " · " + self._texts("card.spent", spent=" + ".join(amounts))

    def _notes(self) -> list[str]:
        return [
            note
            for note in (
                *self._state_notes(),
                *self._channel_notes(),
                self._unknown_words(),
            )
            if note
        ]

    def _state_notes(self) -> list[str]:
        draft, texts = self._draft, self._texts
        match draft.state:
            case DraftState.PAINTING:
                return [self._painting()]
            case DraftState.FAILED:
                key = f"failure.{draft.failure}"
                return ["⚠ " + texts(key if texts.has(key) else "failure.image")]
            case DraftState.REVIEW if self._view.image is None:
                return [texts("card.prompt_first")]
            case DraftState.REVIEW if not self._view.picture_is_current:
                return ["⚠ " + texts("card.prompt_changed")]
            case DraftState.APPROVED:
                return [texts("card.approved_by", who=draft.decided_by)]
            case DraftState.REJECTED:
                return [texts("card.discarded_by", who=draft.decided_by)]
            case DraftState.SCHEDULED:
                return [self._scheduled()]
            case _:
                return []

    def _painting(self) -> str:
        image: Image | None = self._view.painting
        provider = image.provider if image else "offline"
        key = f"provider.{provider}"
        name = self._texts(key, model=image.model if image else "") if self._texts.has(key) else ""
        return self._texts("card.painting", provider=name or provider)

    def _scheduled(self) -> str:
        post = self._facts.post
        if post is None:
            return ""
        return self._texts(
            "card.scheduled",
            when=self._when(post.due),
            zone=self._facts.brand.zone,
            who=self._draft.decided_by,
        )

    def _channel_notes(self) -> list[str]:
        if self._draft.state in (DraftState.SCHEDULED, DraftState.PUBLISHED):
            return [
                self._delivery(one) for one in self._facts.deliveries if one.state != "cancelled"
            ]
        if self._draft.state in (DraftState.REJECTED, DraftState.EXPIRED):
            return []
        titles = ", ".join(one.title for one in self._facts.connected)
        if not titles:
            return [self._texts("card.no_channel")]
        return [self._texts("card.channels", titles=titles)]

    def _delivery(self, one: Delivery) -> str:
        titles = {d.id: d.title for d in self._facts.destinations}
        moment = one.updated_at if one.state is DeliveryState.PUBLISHED else one.due
        line = self._texts(
            f"card.delivery.{_delivery_word(one)}",
            title=titles.get(one.destination_id, "?"),
            when=self._when(moment),
            reason=reason_text(self._texts, one.reason),
        )
        if one.state is DeliveryState.PUBLISHED:
            return f"{line} · {self._when(moment)}"
        return line

    def _unknown_words(self) -> str:
        words = self._draft.unknown_words
        if not words or self._draft.prompt_edited:
            return ""
        return self._texts("card.unknown_words", words=", ".join(words))

    def _when(self, instant: datetime) -> str:
        return self._texts.day_and_time(instant, self._zone, now=self._facts.now)


def _delivery_word(one: Delivery) -> str:
    if one.state in (DeliveryState.SCHEDULED, DeliveryState.DISPATCHED):
        return "waiting" if one.attempts else "scheduled"
    return str(one.state)


def reason_text(texts: Texts, reason: str | None) -> str:
    """Why a channel refused, and what to do."""
    key = f"reason.{reason}"
    return texts(key) if texts.has(key) else ""


def _shortened(text: str, limit: int) -> str:
    if utf16_length(text) <= limit:
        return text
    kept = text[: max(0, limit - 1)]
    while kept and utf16_length(kept) > limit - 1:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS


def _plain(html: str) -> str:
    return html.replace("<b>", "").replace("</b>", "")
