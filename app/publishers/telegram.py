"""Telegram channels and groups, through the Bot API with the bot's own token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from app.captions import CAPTION_LIMIT
from app.errors import PublishRejected, PublishUnknown
from app.models import Destination
from app.net.client import BadReply, CallTrouble, NetClient, NotSent, Reply
from app.net.pacing import ChatPace
from app.orders import OutgoingPost, Receipt

KIND = "telegram"
_CALL_SECONDS = 30.0
#: "wrong file identifier": the cached picture is not this bot's, so it is uploaded
_BAD_FILE = "wrong file identifier"
#: the last is what a channel says of itself to a bot that is no administrator there
_NO_RIGHTS = ("not enough rights", "need administrator", "member list is inaccessible")


class TelegramPublisher:
    """Posts one photo with its caption. Telegram has no idempotency key and a bot cannot read a
    channel's history (publishing.md 2), so an unknown outcome is asked of a person.
    """

    kind = KIND
    dedupe: Literal["key", "verify", "none"] = "none"
    text_limit = CAPTION_LIMIT

    def __init__(self, net: NetClient, *, token: SecretStr, base_url: str, pace: ChatPace) -> None:
        """`pace` is shared with the bot: they have one token."""
        self._net = net
        self._base = f"{base_url}/bot{token.get_secret_value()}"
        self._bot_id = token.get_secret_value().partition(":")[0]
        self._pace = pace

    async def ready(self, destination: Destination) -> None:
        """Wait for the chat's turn."""
        await self._pace.wait(int(destination.address))

    async def preflight(self, destination: Destination) -> None:
        """Check that the bot may post there (getChatMember, can_post_messages)."""
        found = await self._ask(
            "getChatMember", {"chat_id": destination.address, "user_id": self._bot_id}
        )
        status = found.get("status")
        if status == "administrator" and found.get("can_post_messages", True):
            return
        if status in ("creator", "member"):
            return
        raise PublishRejected("The bot may not post there.", reason="permission")

    async def publish(self, destination: Destination, post: OutgoingPost, *, key: str) -> Receipt:
        """Send by the id Telegram gave the picture before; upload where it does not take that."""
        if post.cached_id is not None:
            try:
                return await self._send(destination, post, photo=post.cached_id)
            except PublishRejected as error:
                if _BAD_FILE not in str(error).lower():
                    raise
        return await self._send(destination, post, photo=None)

    async def find(self, destination: Destination, *, key: str, since: datetime) -> Receipt | None:
        """A bot cannot look into a channel."""
        return None

    async def delete(self, destination: Destination, remote_id: str) -> bool:
        """Delete the message from the channel."""
        reply = await self._call(
            "deleteMessage", {"chat_id": destination.address, "message_id": remote_id}
        )
        return reply.status == 200

    async def _send(
        self, destination: Destination, post: OutgoingPost, *, photo: str | None
    ) -> Receipt:
        fields = {"chat_id": destination.address, "caption": post.text}
        try:
            if photo is not None:
                reply = await self._call("sendPhoto", {**fields, "photo": photo})
            else:
                reply = await self._upload(fields, post)
        except NotSent as error:
            raise PublishRejected(str(error), reason="transient") from error
        except CallTrouble as error:
            raise PublishUnknown(str(error)) from error
        if reply.status >= 500:
            raise PublishUnknown(f"Telegram answered {reply.status}")
        return _receipt(self._result(destination, reply), destination)

    async def _upload(self, fields: Mapping[str, str], post: OutgoingPost) -> Reply:
        path = Path(post.picture.path)
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise PublishRejected("The picture's file is gone.", reason="content") from error
        return await self._net.call(
            "POST",
            f"{self._base}/sendPhoto",
            headers={},
            form=fields,
            files={"photo": (path.name, data, post.picture.mime)},
            seconds=_CALL_SECONDS,
        )

    async def _ask(self, method: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call that changes nothing: whatever goes wrong is only a pause."""
        try:
            reply = await self._call(method, fields)
        except CallTrouble as error:
            raise PublishRejected(str(error), reason="transient") from error
        if reply.status >= 500:
            raise PublishRejected(f"Telegram answered {reply.status}", reason="transient")
        try:
            return self._result(None, reply)
        except PublishUnknown as error:
            raise PublishRejected(str(error), reason="transient") from error

    async def _call(self, method: str, fields: Mapping[str, Any]) -> Reply:
        return await self._net.call(
            "POST", f"{self._base}/{method}", headers={}, body=fields, seconds=_CALL_SECONDS
        )

    def _result(self, destination: Destination | None, reply: Reply) -> Mapping[str, Any]:
        """The `result` of an answer, or the refusal it is. An unreadable 200 may be a post."""
        try:
            data = reply.json()
        except BadReply as error:
            if reply.status == 200:
                raise PublishUnknown(str(error)) from error
            raise PublishRejected(
                f"Telegram answered {reply.status}", reason="transient"
            ) from error
        if (
            isinstance(data, Mapping)
            and data.get("ok")
            and isinstance(data.get("result"), Mapping)
        ):
            return data["result"]  # type: ignore[no-any-return]
        if reply.status == 200:
            raise PublishUnknown("Telegram's answer has an unknown shape")
        raise self._refusal(destination, reply.status, data)

    def _refusal(
        self, destination: Destination | None, status: int, data: object
    ) -> PublishRejected:
        facts = data if isinstance(data, Mapping) else {}
        words = str(facts.get("description", f"Telegram answered {status}"))
        if status == 429:
            seconds = float(facts.get("parameters", {}).get("retry_after", 1))
            if destination is not None:
                self._pace.park(int(destination.address), seconds)
            return PublishRejected(words, reason="quota", retry_after=timedelta(seconds=seconds))
        return PublishRejected(words, reason=_reason(status, words.lower()))


def _reason(status: int, words: str) -> str:
    if status in (401, 404):
        return "auth"
    if "chat not found" in words or "kicked" in words or "not a member" in words:
        return "gone"
    if status == 403 or any(lack in words for lack in _NO_RIGHTS):
        return "permission"
    return "content"


def _receipt(message: Mapping[str, Any], destination: Destination) -> Receipt:
    photos = message.get("photo") or [{}]
    number = str(message.get("message_id", ""))
    return Receipt(
        remote_id=number,
        url=_link(destination, number),
        cached_id=photos[-1].get("file_id"),
    )


def _link(destination: Destination, number: str) -> str:
    """A post's address: by name in public channels, else for members only."""
    if destination.username:
        return f"https://t.me/{destination.username}/{number}"
    return f"https://t.me/c/{destination.address.removeprefix('-100')}/{number}"
