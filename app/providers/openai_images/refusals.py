"""The error codes of OpenAI's kin in our error tree; FastAPI's `detail` has none."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import (
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageProtocol,
)
from app.net.bearer import error_object, is_json
from app.net.client import Reply
from app.net.refusals import refusal

_CODES: Mapping[str, type[ImageError]] = {
    "content_policy_violation": ImageModerated,
    "moderation_blocked": ImageModerated,
    "insufficient_quota": ImageCredits,
    "billing_hard_limit_reached": ImageCredits,
}


def kind_of(reply: Reply) -> type[ImageError] | None:
    """What the body says of a refusal, None where only the HTTP status speaks.

    A 4xx in HTML comes from a server that is no image server, or from a path it does not have.
    """
    code = error_object(reply).get("code")
    if isinstance(code, str) and code in _CODES and reply.status < 500:
        return _CODES[code]
    usual = type(refusal(reply, provider="", ordering=True))
    return ImageProtocol if usual is ImageInvalid and not is_json(reply) else None


def wants_no_response_format(reply: Reply) -> bool:
    """Whether the server refused only that key: nothing was painted (SGLang-diffusion)."""
    return reply.status in (400, 422) and b"response_format" in reply.body
