"""From what a person sent to what a draft begins with."""

from __future__ import annotations

from typing import Any

from app.errors import TextTooLong, TopicUnusable
from app.prompts import Composition, TopicEmpty, compose

TOPIC_LIMIT = 500


def composed(text: str, **choices: Any) -> Composition:
    """The prompt and texts of a topic; raises `TextTooLong` or `TopicUnusable`."""
    if len(text) > TOPIC_LIMIT:
        raise TextTooLong(length=len(text), limit=TOPIC_LIMIT, over=len(text) - TOPIC_LIMIT)
    try:
        return compose(text, **choices)
    except TopicEmpty as error:
        raise TopicUnusable from error


def draft_columns(composition: Composition) -> dict[str, Any]:
    """What a composition sets on a draft."""
    return {
        "language": composition.language,
        "theme": composition.theme,
        "theme_guessed": composition.theme_guessed,
        "template_id": composition.template_id,
        "subject": composition.subject,
        "unknown_words": composition.unknown,
        "prompt": composition.prompt,
        "seed": composition.seed,
        "caption": composition.caption,
        "hashtags": composition.hashtags,
        "alt_text": composition.alt_text,
    }
