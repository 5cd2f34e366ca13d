"""A vendor of jobs behind an API key: calls with headers of their own, troubles as our errors."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import math
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from app.errors import ImageError, ImageProtocol, ImageSubmitUnknown, ImageUnavailable
from app.net.client import AnswerLost, BadReply, CallTrouble, NetClient, NotSent, Reply
from app.net.refusals import refusal, request_id
from app.orders import ImageRequest

ACCEPTED = frozenset({200, 201, 202})
#: the space our idempotency keys are named in
_SPACE = uuid.UUID("6f2f1d0a-54b7-4f0e-9f0c-3a3f6d3b6c55")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyedApi:
    """One provider's calls. The key goes to exactly the URLs the caller names.

    `order_seconds` and `ask_seconds` bound one call as a whole.
    """

    net: NetClient
    provider: str
    key: SecretStr
    order_seconds: float
    ask_seconds: float

    async def order(self, url: str, *, headers: Mapping[str, str], body: Any) -> Reply:
        """POST what may cost money, once; any HTTP status is an answer.

        `ImageUnavailable` when nothing was sent, `ImageSubmitUnknown` when no answer came,
        `ImageProtocol` for an answer that cannot be taken in.
        """
        try:
            return await self.net.call(
                "POST", url, headers=_plus(headers), body=body, seconds=self.order_seconds
            )
        except NotSent as error:
            raise ImageUnavailable(str(error), provider=self.provider) from error
        except AnswerLost as error:
            raise ImageSubmitUnknown(str(error), provider=self.provider) from error
        except BadReply as error:
            raise ImageProtocol(str(error), provider=self.provider) from error

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Any = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Reply:
        """A call that costs nothing; `ImageUnavailable` when no whole answer came."""
        try:
            return await self.net.call(
                method,
                url,
                headers=_plus(headers),
                body=body,
                files=files,
                seconds=self.ask_seconds,
            )
        except CallTrouble as error:
            raise ImageUnavailable(str(error), provider=self.provider) from error

    def refusal(
        self, reply: Reply, *, ordering: bool, words: str = "", status: int | None = None
    ) -> ImageError:
        """The error for a reply that is no success.

        `words` and `status` say better than the reply itself what the vendor means.
        """
        meant = Reply(
            status=status or reply.status,
            headers=reply.headers,
            body=json.dumps({"error": words}).encode() if words else reply.body,
        )
        secret = self.key.get_secret_value()
        return refusal(meant, provider=self.provider, ordering=ordering, secret=secret)

    def protocol(self, message: str, reply: Reply) -> ImageProtocol:
        """The error for an answer of an unknown shape."""
        return ImageProtocol(
            message,
            provider=self.provider,
            http_status=reply.status,
            request_id=request_id(reply.headers),
        )

    def object(self, reply: Reply, *, ordering: bool) -> Mapping[str, Any]:
        """The reply's JSON object.

        Without one, an order raises `ImageProtocol`; a question `ImageUnavailable`, because it may
        be asked again.
        """
        data = json_of(reply)
        if isinstance(data, Mapping):
            return data
        error = self.protocol("the answer is no JSON object", reply)
        raise error if ordering else ImageUnavailable(str(error), provider=self.provider)


def _plus(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Accept": "application/json", **headers}


def json_of(reply: Reply) -> Any:
    """The body's JSON values; None where it has none."""
    try:
        return reply.json()
    except BadReply:
        return None


def order_name(key: str, request: ImageRequest, *more: str) -> str:
    """The Idempotency-Key of an order: the same for the same `key` and request, always a UUID.

    `key` alone would be too weak: two desks that share a vendor's key both have a first image, and
    a vendor refuses a key that comes again with another body.
    """
    pictures = (
        hashlib.sha256(one).hexdigest() if isinstance(one, bytes) else one
        for one in request.references
    )
    facts = (
        key,
        request.prompt,
        request.width,
        request.height,
        request.output_format,
        request.model,
        request.seed,
        request.prompt_upsampling,
        *pictures,
        *more,
    )
    return str(uuid.uuid5(_SPACE, json.dumps(facts)))


def is_signed(given: str, body: bytes, secret: bytes) -> bool:
    """Whether `sha256=<hex>` or bare hex is the HMAC-SHA256 of the raw body."""
    right = hmac.new(secret, body, hashlib.sha256).hexdigest()
    told = given.strip().removeprefix("sha256=").lower()
    return hmac.compare_digest(told.encode(), right.encode())


def header(headers: Mapping[str, str], name: str) -> str:
    """A header however it is capitalised, empty where there is none."""
    return {key.lower(): value for key, value in headers.items()}.get(name.lower(), "")


def json_field(body: bytes, name: str) -> str | None:
    """The text behind `name` in a JSON object, None for anything else."""
    try:
        value = json.loads(body).get(name)
    except (ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) and value else None


def job_id_of(value: object) -> str | None:
    """A usable job id: 1 to 200 characters, or a number taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def number(value: object) -> float | None:
    """A finite JSON number that is not negative, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 and math.isfinite(value) else None


class OddStatuses:
    """Logs each unknown status once; a vendor may not fill our log."""

    def __init__(self, provider: str, known: Collection[str]) -> None:
        """`known` in lower case."""
        self._provider = provider
        self._known = known
        self._seen: set[str] = set()

    def note(self, raw: str) -> None:
        """Look at the status of one answer."""
        if raw.strip().lower() in self._known or raw in self._seen or len(self._seen) >= 20:
            return
        self._seen.add(raw)
        _log.warning("%s: unknown status %r is taken as running", self._provider, raw)
