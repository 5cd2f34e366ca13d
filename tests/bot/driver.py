"""A desk under test: the real bot, a local Telegram, and the hands of the people in it."""

from __future__ import annotations

import asyncio
import io
import re
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from pydantic import SecretStr

from app.container import Services, open_services
from app.models import Actor, Draft, DraftState, ImageState
from app.settings import Settings
from bot.application import DeskBot, running_bot, sweep
from bot.callback_data import Action, Press
from bot.demo import membership, people, sight
from bot.demo.records import Callback, CallRecord, User
from bot.demo.server import LocalTelegram, serve
from bot.demo.transcript import tell
from bot.demo.world import World, create_world
from bot.texts import Texts, load
from tests.bot.clock import EagerClock

T = TypeVar("T")
Shown = dict[str, Any]
#: a new database, for migrating costs each test more than copying it
_MIGRATED: list[bytes] = []

PATIENCE = 12.0
_LOOK = 0.02
TOPIC = {
    "en": "Soil moisture sensors for the greenhouse #iot",
    "tr": "Sera için toprak nemi sensörleri #iot",
}


class Desk:
    """One world, one bot that can be stopped and started again, and a person who plays."""

    def __init__(self, local: LocalTelegram, folder: Path, clock: EagerClock) -> None:
        self.local = local
        self.world: World = local.world
        self.folder = folder
        self.clock = clock
        self.person: User = self.world.person
        self.channel_id = next(c.id for c in self.world.chats.values() if c.type == "channel")
        self.extra: dict[str, Any] = {}
        self.services: Services
        self.bot: DeskBot
        self._running = AsyncExitStack()

    @property
    def texts(self) -> Texts:
        """The sentences as the person reads them."""
        return load(self.person.language_code or "en")

    @property
    def topic(self) -> str:
        """A topic in the person's language."""
        return TOPIC[self.texts.language]

    def settings(self) -> Settings:
        """Nothing of the environment, everything in the test's folder."""
        chosen: dict[str, Any] = {
            "telegram_bot_token": SecretStr(self.world.token),
            "telegram_api_base_url": self.local.url,
            "owner_ids": frozenset({self.person.id}),
            "database_url": f"sqlite+aiosqlite:///{self.folder / 'bot.db'}",
            "outputs_dir": self.folder,
        }
        return Settings.model_construct(**(chosen | self.extra))

    async def open(self) -> Services:
        """The services alone, as before a start."""
        opened = open_services(self.settings(), owner="run", clock=self.clock)
        self.services = await self._running.enter_async_context(opened)
        return self.services

    async def used_before(self) -> None:
        """The database of a bot that ran before: it knows its placeholder's file id."""
        database = self.folder / "bot.db"
        if _MIGRATED:
            database.write_bytes(_MIGRATED[0])
        services = await self.open()
        if not _MIGRATED:
            connection = sqlite3.connect(database)
            _MIGRATED.append(connection.serialize())
            connection.close()
        known = self.world.files.add_photo(small_jpeg()).best.file_id
        async with services.store.write() as tx:
            await tx.notes.put("placeholder_file_id", known)

    async def start(self, *, services: Services | None = None) -> None:
        """Start the bot (again) on the same folder."""
        services = services or await self.open()
        self.bot = await self._running.enter_async_context(running_bot(services))

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does."""
        await self._running.aclose()

    # --- the person's hands

    async def say(
        self,
        text: str,
        *,
        who: User | None = None,
        chat_id: int | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
    ) -> int | None:
        """Type something; the update's id."""
        user = who or self.person
        _message, update_id = people.say(
            self.world,
            chat_id=user.id if chat_id is None else chat_id,
            user_id=user.id,
            text=text,
            reply_to=reply_to,
            thread_id=thread_id,
        )
        return update_id

    def tap_data(
        self, message_id: int, data: str, *, who: User | None = None, chat_id: int | None = None
    ) -> Callback:
        """Tap the button with that data and do not wait."""
        user = who or self.person
        callback, _update_id = people.tap(
            self.world,
            chat_id=self.person.id if chat_id is None else chat_id,
            message_id=message_id,
            user_id=user.id,
            data=data,
        )
        return callback

    async def tap(
        self,
        action: Action,
        *,
        who: User | None = None,
        chat_id: int | None = None,
        extra: str | None = None,
        number: int | None = None,
    ) -> str:
        """Tap the newest button of that action as soon as there is one; the bot's answer."""
        where = self.person.id if chat_id is None else chat_id
        message, data = await self.until(
            lambda: self.button(action, chat_id=where, extra=extra, number=number),
            f"a button {action.name}",
        )
        return await self.answer_to(
            self.tap_data(message["message_id"], data, who=who, chat_id=where)
        )

    async def answer_to(self, callback: Callback) -> str:
        """What the tap was answered with; "" for a silent answer."""
        async with asyncio.timeout(PATIENCE):
            await callback.answered.wait()
        return str((callback.answer or {}).get("text") or "")

    def connect(self, *, by: User | None = None) -> None:
        """Make the bot an administrator of the channel."""
        membership.promote(self.world, self.channel_id, by=(by or self.person).id, rights={})

    async def connected(self) -> None:
        """A channel is there, and the person was told."""
        self.connect()
        await self.told("notice.connected")

    # --- the person's eyes

    def messages(self, chat_id: int | None = None) -> list[Shown]:
        """The chat, oldest first."""
        chat = self.world.chats[self.person.id if chat_id is None else chat_id]
        return [sight.message(self.world, message) for message in chat.messages.values()]

    def of_bot(self, chat_id: int | None = None) -> list[Shown]:
        """What the bot wrote there."""
        return [m for m in self.messages(chat_id) if m["from"] and m["from"]["is_bot"]]

    def card(self, number: int = 1, *, chat_id: int | None = None) -> Shown | None:
        """The newest card of a draft, if it was shown."""
        cards = [
            m for m in self.of_bot(chat_id) if m["photo"] and m["text"].startswith(f"#{number} ")
        ]
        return cards[-1] if cards else None

    def button(
        self,
        action: Action,
        *,
        chat_id: int | None = None,
        extra: str | None = None,
        number: int | None = None,
    ) -> tuple[Shown, str] | None:
        """The newest message with a button of that action, and the button's data."""
        for message in reversed(self.of_bot(chat_id)):
            if number is not None and not message["text"].startswith(f"#{number} "):
                continue
            for data in datas(message):
                press = Press.unpack(data)
                if press.action is action and extra in (None, press.extra):
                    return message, data
        return None

    def calls(self, method: str, chat_id: int | None = None) -> list[CallRecord]:
        """The bot's calls of a method so far."""
        return [
            call
            for call in self.world.calls
            if call.method == method and chat_id in (None, call.chat_id)
        ]

    async def until(
        self, look: Callable[[], Any], what: str = "it", *, seconds: float = PATIENCE
    ) -> Any:
        """What `look` sees, as soon as something happened that makes it true."""
        try:
            with self.world.log.listening() as events:
                async with asyncio.timeout(seconds):
                    while not (found := look()):
                        await events.get()
                    return found
        except TimeoutError:
            raise AssertionError(f"never saw {what}:\n{tell(self.world, None)}") from None

    async def until_row(self, look: Callable[[], Awaitable[T | None]], what: str = "the row") -> T:
        """What the database shows, as soon as it is so."""
        for _look in range(round(PATIENCE / _LOOK)):
            if found := await look():
                return found
            await asyncio.sleep(_LOOK)
        raise AssertionError(f"never saw {what}:\n{tell(self.world, None)}")

    async def card_says(self, *words: str, number: int = 1, chat_id: int | None = None) -> Shown:
        """Wait for the card to hold these words."""

        def look() -> Shown | None:
            card = self.card(number, chat_id=chat_id)
            return card if card and all(word in card["text"] for word in words) else None

        card: Shown = await self.until(look, f"a card #{number} with {words}")
        return card

    async def card_is(
        self, state: str, *, version: int = 1, number: int = 1, chat_id: int | None = None
    ) -> Shown:
        """Wait for the card to name that state and version."""
        word = self.texts(f"state.{state}")
        return await self.card_says(f" · {word} · v{version} ", number=number, chat_id=chat_id)

    async def told(
        self, key: str, *, chat_id: int | None = None, after: int = 0, texts: Texts | None = None
    ) -> Shown:
        """Wait for a message made of that sentence, whatever fills its blanks."""
        pattern = sentence_pattern((texts or self.texts).template(key))

        def look() -> Shown | None:
            return next(
                (
                    m
                    for m in reversed(self.of_bot(chat_id))
                    if m["message_id"] > after and pattern.search(m["text"])
                ),
                None,
            )

        message: Shown = await self.until(look, f"the sentence {key}")
        return message

    async def asked(self, field: str, *, chat_id: int | None = None) -> Shown:
        """Wait for the question about that field."""
        return await self.told(f"ask.{field}", chat_id=chat_id)

    async def draft(self, draft_id: int = 1) -> Draft:
        """The row."""
        return await self.services.drafts.get(draft_id)

    async def draft_in(self, state: DraftState, draft_id: int = 1) -> Draft:
        """The row, once it is in that state."""

        async def look() -> Draft | None:
            draft = await self.draft(draft_id)
            return draft if draft.state is state else None

        return await self.until_row(look, f"draft {draft_id} {state}")

    async def quiet(self) -> None:
        """Wait until everything received is handled and everything announced is shown."""

        async def look() -> bool:
            if self.world.updates.pending():
                return False
            async with self.services.store.read() as tx:
                return not await tx.inbox.open() and not await tx.announcements.unseen(limit=1)

        await self.until_row(look, "quiet")

    async def time_comes(self, seconds: float = 0.0) -> None:
        """Bring the clock forward and look what is due."""
        self.clock.advance(seconds)
        await sweep(self.services)

    async def painted(self, text: str | None = None, *, number: int = 1) -> Shown:
        """Say a topic and wait for its draft."""
        await self.say(text or self.topic)
        return await self.card_is("review", number=number)

    async def made(
        self,
        text: str | None = None,
        *,
        chat_id: int | None = None,
        thread_id: int | None = None,
        **draft: Any,
    ) -> Shown:
        """A draft whose picture was painted before, without the time that takes."""
        services, person = self.services, self.person
        member = await services.members.find(person.id)
        if member is not None:
            member = await services.members.rename(member, person.first_name)
            await services.members.speak(member, self.texts.language)
        made = await services.drafts.create(
            text or self.topic,
            brand=await services.members.brand(),
            author=Actor(id=person.id, name=person.first_name),
            chat_id=person.id if chat_id is None else chat_id,
            thread_id=thread_id,
            source_key=f"made:{secrets.token_hex(6)}",
            paint=False,
        )
        image_id = await self.has_image(made)
        async with services.store.write() as tx:
            made = await tx.drafts.move(await tx.drafts.get(made.id), image_id=image_id, **draft)
        await services.drafts.show(made.id)
        return await self.card_is("review", number=made.number, chat_id=chat_id)

    async def has_image(self, draft: Draft, **image: Any) -> int:
        """The row of a picture of that draft's present prompt, stored unless told otherwise."""
        now = self.clock.now()
        (self.folder / "made.jpg").write_bytes(small_jpeg())
        facts: dict[str, Any] = {
            "state": ImageState.STORED,
            "provider": "offline",
            "model": "preview",
            "path": "made.jpg",
            "mime": "image/jpeg",
            "file_size": len(small_jpeg()),
            "real_width": 64,
            "real_height": 64,
        }
        async with self.services.store.write() as tx:
            row = await tx.images.add(
                draft_id=draft.id,
                prompt=draft.prompt,
                width=1024,
                height=1024,
                output_format="jpeg",
                seed=draft.seed,
                deadline_at=now + timedelta(minutes=2),
                fence=1,
                cost_amount=0.0,
                cost_unit="none",
                cost_usd=0.0,
                cost_basis="reported",
                created_at=now,
                updated_at=now,
                **(facts | image),
            )
        return row.id


@cache
def small_jpeg() -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "JPEG")
    return out.getvalue()


def datas(message: Shown) -> list[str]:
    """The callback data under a message."""
    return [b["data"] for row in message["keyboard"] for b in row if b["data"]]


def labels(message: Shown) -> list[str]:
    """What the buttons under a message say."""
    return [b["text"] for row in message["keyboard"] for b in row]


def actions(message: Shown) -> list[Action]:
    """What the buttons under a message do."""
    return [Press.unpack(data).action for data in datas(message)]


def sentence_pattern(template: str) -> re.Pattern[str]:
    """A catalogue sentence as people see it: tags gone, blanks filled with anything."""
    plain = re.sub(r"</?\w+>", "", template).strip()
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", plain)]
    return re.compile(".+?".join(parts), re.DOTALL)


@asynccontextmanager
async def served_desk(
    folder: Path, *, language: str = "en", start: bool = True, **settings: Any
) -> AsyncIterator[Desk]:
    """A desk in a folder of its own, its bot running; stopped at the end."""
    world = create_world(language_code=language)
    async with serve(world) as local:
        desk = Desk(local, folder, EagerClock())
        desk.extra = settings
        try:
            if start:
                await desk.used_before()
                await desk.start(services=desk.services)
            yield desk
        finally:
            await desk.stop()


def unanswered(world: World) -> Sequence[Callback]:
    """Taps that still spin."""
    return [one for one in world.callbacks.values() if one.answer is None]
