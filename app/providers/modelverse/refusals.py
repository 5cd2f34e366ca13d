"""ModelVerse's error codes in our error tree."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import (
    ImageAuth,
    ImageCredits,
    ImageError,
    ImageInvalid,
    ImageModerated,
    ImageOutputModerated,
    ImagePermission,
    ImageRateLimited,
    ImageSubmitUnknown,
    ImageUnavailable,
)
from app.net.bearer import error_object
from app.net.client import Reply

#: `error.code` of MV-docs error-code.md; a status without its code speaks for itself
_CODES: Mapping[str, type[ImageError]] = {
    "param_error": ImageInvalid,
    "tokens_too_long": ImageInvalid,
    "sensitive_check_error": ImageModerated,
    "invalid_messages": ImageModerated,
    "model_error": ImagePermission,
    "auth_error": ImageAuth,
    "forbidden": ImagePermission,
    "timeout": ImageSubmitUnknown,
    "gateway_timeout_error": ImageSubmitUnknown,
    "rate_limit": ImageRateLimited,
    "internal_error": ImageUnavailable,
    "model_server_error": ImageUnavailable,
}


def kind_of(reply: Reply) -> type[ImageError] | None:
    """What the vendor's own words say, None where only the HTTP status speaks."""
    if reply.status == 403 and b"quota" in reply.body.lower():
        return ImageCredits
    code = error_object(reply).get("code")
    known = _CODES.get(code) if isinstance(code, str) else None
    if reply.status == 400 and known in (None, ImageInvalid):
        return moderated(reply) or known
    return known


def moderated(reply: Reply) -> type[ImageError] | None:
    """How BFL's own refusals surface here is undocumented: they are looked for as words."""
    words = reply.body[:4096].lower()
    if b"content moderated" in words:
        return ImageOutputModerated
    if b"moderated" in words or b"sensitive" in words:
        return ImageModerated
    return None
