"""Everything the local Telegram remembers while it runs; nothing is written to disk."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from typing import Any

from bot.demo import sight, wire
from bot.demo.clock import Clock
from bot.demo.faults import Faults
from bot.demo.files import Files
from bot.demo.log import EventLog
from bot.demo.profile import Profile
from bot.demo.records import Callback, CallRecord, Chat, Json, Member, Message, User
from bot.demo.updates import Updates
from bot.demo.webhook import Webhook

DEMO_TOKEN = "42:demo-token-for-the-local-server"  # noqa: S105 - it opens nothing but this server
REAL_TOKEN = re.compile(r"\d{8,12}:[\w-]{35}")
CHANNEL_BASE = -1_001_000_000_000
GROUP_BASE = -5_000
FIRST_PERSON = 1001


class RealTokenError(ValueError):
    """This looks like the token of a real bot: keep it away from the local demo server."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


class World:
    """One bot, its people and chats, and what happened between them."""

    def __init__(self, *, token: str, bot: User, clock: Clock) -> None:
        self.token = token
        self.bot = bot
        self.clock = clock
        self.users: dict[int, User] = {bot.id: bot}
        self.chats: dict[int, Chat] = {}
        self.files = Files()
        self.updates = Updates()
        self.webhook = Webhook(self.updates, clock)
        self.log = EventLog()
        self.faults = Faults()
        self.profile = Profile()
        self.callbacks: dict[str, Callback] = {}
        self.calls: deque[CallRecord] = deque(maxlen=5000)
        self._counters: dict[str, int] = {}

    @property
    def person(self) -> User:
        """Who the page plays: the first person."""
        return next(user for user in self.users.values() if not user.is_bot)

    def number(self, what: str) -> int:
        """1, 2, 3 … for each kind of thing: ids are the same in every run."""
        self._counters[what] = self._counters.get(what, 0) + 1
        return self._counters[what]

    def publish(self, kind: str, data: Json) -> None:
        """Shows people an event."""
        self.log.add(kind, data, at=self.clock.now())

    def publish_chat(self, chat: Chat) -> None:
        """Shows people a chat that is new or changed."""
        self.publish("chat", sight.chat(chat))

    def add_user(
        self, first_name: str, username: str | None = None, language_code: str | None = "en"
    ) -> User:
        """A new person, with a private chat."""
        user = User(
            id=FIRST_PERSON - 1 + self.number("person"),
            first_name=first_name,
            username=username,
            language_code=language_code,
        )
        self.users[user.id] = user
        members = {user.id: Member(status="member"), self.bot.id: Member(status="member")}
        self._add_chat(Chat(id=user.id, type="private", username=username, members=members))
        return user

    def add_chat(
        self,
        kind: str,
        title: str,
        *,
        creator_id: int,
        username: str | None = None,
        is_forum: bool = False,
    ) -> Chat:
        """A new group, supergroup or channel, without the bot."""
        if kind == "group":
            chat_id = GROUP_BASE - self.number("group")
        else:
            chat_id = CHANNEL_BASE - self.number("channel")
        members = {creator_id: Member(status="creator")}
        return self._add_chat(
            Chat(
                id=chat_id,
                type=kind,
                title=title,
                username=username,
                is_forum=is_forum,
                members=members,
            )
        )

    def _add_chat(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        self.publish_chat(chat)
        return chat

    def post(self, chat: Chat, **fields: Any) -> Message:
        """Puts a new message into a chat, with the next id and the server's date."""
        said = Message(
            chat_id=chat.id,
            message_id=chat.next_message_id(),
            date=self.clock.seconds(),
            **fields,
        )
        chat.messages[said.message_id] = said
        self.publish("message", sight.message(self, said))
        return said

    def change(self, said: Message, **fields: Any) -> Message:
        """Changes a message that is in its chat, and shows people the new one."""
        changed = replace(said, **fields)
        self.chats[said.chat_id].messages[said.message_id] = changed
        self.publish("edit", sight.message(self, changed))
        return changed

    def remove(self, said: Message) -> None:
        """Takes a message out of its chat."""
        chat = self.chats[said.chat_id]
        chat.messages.pop(said.message_id, None)
        if said.message_id in chat.pinned:
            chat.pinned.remove(said.message_id)
        self.publish("delete", {"chat_id": said.chat_id, "message_id": said.message_id})

    def set_member(self, chat: Chat, user_id: int, member: Member, *, by: int) -> None:
        """Changes what somebody is in a chat, and tells the bot if it may know."""
        before = chat.member(user_id)
        if before == member:
            return
        chat.members[user_id] = member
        if user_id == self.bot.id or chat.member(self.bot.id).leads:
            self.tell_member(chat, user_id, before, member, by=by)
        self.publish_chat(chat)

    def tell_member(
        self, chat: Chat, user_id: int, before: Member, after: Member, *, by: int
    ) -> None:
        """Queues the update about a changed membership."""
        kind = "my_chat_member" if user_id == self.bot.id else "chat_member"
        change = {
            "chat": wire.chat(self, chat),
            "from": wire.user(self.users[by]),
            "date": self.clock.seconds(),
            "old_chat_member": wire.member(self, user_id, before, chat),
            "new_chat_member": wire.member(self, user_id, after, chat),
        }
        self.updates.add(kind, change)

    def record_call(self, record: CallRecord) -> None:
        """Keeps a call for the page's log."""
        self.calls.append(record)
        self.publish("call", record.to_json())

    def reset(self) -> None:
        """Begins a new conversation among the same people and chats."""
        for chat in self.chats.values():
            chat.messages.clear()
            chat.pinned.clear()
        self._release_taps()
        self.callbacks.clear()
        self.calls.clear()
        self.updates.clear()
        self.publish("reset", {})

    def open(self) -> None:
        """Lets polls wait again, for a world that is served a second time."""
        self.updates.closed = False

    def close(self) -> None:
        """Lets everybody who waits go: polls, listeners, held calls, the webhook."""
        self.updates.close()
        self.webhook.close()
        self.faults.close()
        self.log.close()
        self._release_taps()

    def _release_taps(self) -> None:
        for callback in self.callbacks.values():
            callback.answered.set()


def create_world(
    *,
    token: str = DEMO_TOKEN,
    allow_real_token: bool = False,
    bot_name: str = "Post Desk",
    bot_username: str = "postdesk_demo_bot",
    person_name: str = "Ada",
    person_username: str | None = "ada",
    language_code: str | None = "en",
    channel_title: str = "Meridian Sensors",
    channel_username: str | None = "meridian_sensors",
    clock: Clock | None = None,
) -> World:
    """A bot, one person with a private chat, and that person's channel.

    Raises RealTokenError for a token that looks like one of Telegram's.
    """
    if REAL_TOKEN.fullmatch(token) and not allow_real_token:
        raise RealTokenError
    bot_id = int(head) if (head := token.split(":")[0]).isdigit() else 42
    bot = User(id=bot_id, first_name=bot_name, username=bot_username, is_bot=True)
    world = World(token=token, bot=bot, clock=clock or Clock())
    person = world.add_user(person_name, person_username, language_code)
    world.add_chat("channel", channel_title, creator_id=person.id, username=channel_username)
    return world
