"""A vendor's API behind a bearer key: its troubles as errors of our tree, and the key in none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from app.errors import ImageError, ImageProtocol, ImageSubmitUnknown, ImageUnavailable
from app.net.client import (
    MAX_JSON,
    AnswerLost,
    BadReply,
    CallTrouble,
    NetClient,
    NotSent,
    Reply,
)
from app.net.refusals import refusal, request_id


class BearerApi:
    """One provider's calls. The key goes to exactly the URLs the caller names."""

    def __init__(self, net: NetClient, *, provider: str, key: SecretStr | None) -> None:
        """`provider` signs the errors; without a `key` no Authorization is sent."""
        self._net = net
        self._provider = provider
        self._key = key

    async def order(
        self, url: str, body: Mapping[str, Any], *, seconds: float, limit: int = MAX_JSON
    ) -> Reply:
        """POST what may cost money, once; any HTTP status is an answer.

        `ImageUnavailable` when nothing was sent, `ImageSubmitUnknown` when no answer came,
        `ImageProtocol` for an answer that cannot be taken in. The vendor may be silent for all of
        `seconds`: a synchronous one paints before it speaks.
        """
        try:
            return await self._net.call(
                "POST",
                url,
                headers=self._headers(),
                body=body,
                seconds=seconds,
                idle=seconds,
                limit=limit,
            )
        except NotSent as error:
            raise ImageUnavailable(str(error), provider=self._provider) from error
        except AnswerLost as error:
            raise ImageSubmitUnknown(str(error), provider=self._provider) from error
        except BadReply as error:
            raise ImageProtocol(str(error), provider=self._provider) from error

    async def ask(self, url: str, *, seconds: float, method: str = "GET") -> Reply:
        """A call that costs nothing; `ImageUnavailable` when no whole answer came."""
        try:
            return await self._net.call(method, url, headers=self._headers(), seconds=seconds)
        except CallTrouble as error:
            raise ImageUnavailable(str(error), provider=self._provider) from error

    def refusal(
        self,
        reply: Reply,
        *,
        ordering: bool,
        kind: type[ImageError] | None = None,
        retry_after: timedelta | None = None,
    ) -> ImageError:
        """The error for a reply that is no success.

        Its class is by HTTP status, or `kind` where this vendor's own code says more. The pause of
        the headers goes before `retry_after`.
        """
        usual = refusal(reply, provider=self._provider, ordering=ordering, secret=self._secret())
        return (kind or type(usual))(
            provider=self._provider,
            raw=usual.raw,
            http_status=usual.http_status,
            request_id=usual.request_id,
            retry_after=usual.retry_after or retry_after,
        )

    def protocol(self, message: str, reply: Reply) -> ImageProtocol:
        """The error for an answer of an unknown shape."""
        return ImageProtocol(
            message,
            provider=self._provider,
            http_status=reply.status,
            request_id=request_id(reply.headers),
        )

    def object(self, reply: Reply) -> Mapping[str, Any]:
        """The reply's JSON object, or `ImageProtocol`."""
        try:
            data = reply.json()
        except BadReply as error:
            raise self.protocol(str(error), reply) from error
        if not isinstance(data, Mapping):
            raise self.protocol("the answer is no JSON object", reply)
        return data

    def hidden(self, text: str) -> str:
        """The vendor's words without our key, should it echo it."""
        secret = self._secret()
        return text.replace(secret, "[hidden]") if secret else text

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return headers

    def _secret(self) -> str:
        return self._key.get_secret_value() if self._key is not None else ""


def error_object(reply: Reply) -> Mapping[str, Any]:
    """The `error` object of a refusal, empty where there is none (OpenAI's shape, and its kin)."""
    try:
        data = reply.json()
    except BadReply:
        return {}
    error = data.get("error") if isinstance(data, Mapping) else None
    return error if isinstance(error, Mapping) else {}


def is_json(reply: Reply) -> bool:
    """Whether the vendor itself speaks; HTML comes from a proxy or from a path that is none."""
    try:
        return isinstance(reply.json(), Mapping | list)
    except BadReply:
        return False
