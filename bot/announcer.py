"""Shows what the domain announced: cards edited in place, notices as messages of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import InputMediaPhoto, Message
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import ExtBot

from app.chat import Card
from app.container import Services
from app.errors import StorageError
from app.insistence import insist
from app.models import Announcement, AnnouncementKind, Draft, DraftState
from app.transactions import Transaction
from bot.cards import CardFace, CardPainter, Picture
from bot.desk import card_facts, picture_of, texts_for
from bot.notices import notice_texts

log = logging.getLogger(__name__)

#: other processes' announcements are found within this many seconds
LISTEN_SECONDS = 1.0
#: "sending a photo" lasts five seconds on Telegram
ACTION_SECONDS = 4.5
#: a fault of Telegram or of the network: nothing is given up meanwhile
AWAY_SECONDS = 2.0
MAX_TRIES = 20
AT_ONCE = 8
_RETIRED = "retired"
_PLACEHOLDER_NOTE = "placeholder_file_id"

Key = tuple[str, int]
Work = Callable[[Transaction], Awaitable[None]]


class Announcer:
    """One task reads announcements; drafts are shown in parallel, each draft in order."""

    def __init__(self, services: Services, bot: ExtBot[Any]) -> None:
        """`bot` is the running application's."""
        self._services = services
        self._bot = bot
        self._places = asyncio.Semaphore(AT_ONCE)
        self._in_hand: set[Key] = set()
        #: who got a notice that is still to be told to others
        self._told: dict[int, set[int]] = {}

    async def run(self) -> None:
        """Show what comes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_busy())
            while True:
                for key, group in (await self._waiting()).items():
                    self._in_hand.add(key)
                    tasks.create_task(self._show_group(key, group))
                await self._services.announcements.wait(at_most=LISTEN_SECONDS)

    async def _waiting(self) -> dict[Key, list[Announcement]]:
        """What nobody has in hand: all of a draft's cards as one, every notice by itself."""
        groups: dict[Key, list[Announcement]] = {}
        try:
            unseen = await self._services.announcements.unseen()
        except StorageError as error:
            log.warning("announcements cannot be read: %s", error)
            return groups
        for one in unseen:
            is_card = one.kind is AnnouncementKind.CARD
            key: Key = ("card", one.draft_id or 0) if is_card else ("notice", one.id)
            if key not in self._in_hand:
                groups.setdefault(key, []).append(one)
        return groups

    async def _show_group(self, key: Key, group: list[Announcement]) -> None:
        try:
            async with self._places:
                await self._show_and_close(group)
        except Exception:
            log.exception("an announcement could not be shown")
            await self._count(group)
        finally:
            self._in_hand.discard(key)
            self._services.announcements.ring()

    async def _show_and_close(self, group: list[Announcement]) -> None:
        try:
            await self._show_one(group)
        except Forbidden:
            log.info("a chat does not take our messages any more")
        except BadRequest as error:
            log.warning("announcement %s is refused: %s", group[-1].id, error)
            await self._count(group)
            return
        except TelegramError as error:
            # Telegram is away: it is shown when Telegram is back, however long that takes.
            log.warning("announcement %s waits: %s", group[-1].id, type(error).__name__)
            await asyncio.sleep(AWAY_SECONDS)
            return
        await self._insist(lambda tx: self._services.announcements.seen(tx, group))

    async def _count(self, group: list[Announcement]) -> None:
        """A try that cannot succeed by waiting; the last one is the end of it."""
        if group[-1].attempts >= MAX_TRIES:
            await self._insist(lambda tx: self._services.announcements.seen(tx, group))
            return
        await self._insist(lambda tx: self._services.announcements.unshown(tx, group))
        await asyncio.sleep(LISTEN_SECONDS)

    async def _insist(self, work: Work) -> None:
        """What was sent is written down, or the next look would send it again."""
        await insist(self._services.store, self._services.clock, work)

    async def _show_one(self, group: list[Announcement]) -> None:
        announcement = group[-1]
        if announcement.kind is AnnouncementKind.CARD and announcement.draft_id is not None:
            wanted = [one.detail for one in group if one.detail.get("afresh")]
            await self.show_card(announcement.draft_id, afresh=wanted[-1] if wanted else None)
            return
        await self._tell(announcement)

    async def _tell(self, announcement: Announcement) -> None:
        """One message each: who cannot be reached keeps it from nobody, and nobody gets two."""
        told = self._told.setdefault(announcement.id, set())
        for chat_id, thread_id, text in await notice_texts(self._services, announcement):
            if chat_id in told:
                continue
            try:
                await self._bot.send_message(
                    chat_id, text, message_thread_id=thread_id, parse_mode=ParseMode.HTML
                )
            except (Forbidden, BadRequest) as error:
                log.warning("a notice cannot be delivered: %s", error)
            told.add(chat_id)
        del self._told[announcement.id]

    async def show_card(self, draft_id: int, *, afresh: Mapping[str, Any] | None = None) -> None:
        """Edit the draft's card to what is true now; send one where there is none.

        `afresh` sends one anew, to its `chat_id` and `thread_id` if it names them.
        """
        facts = await card_facts(self._services, draft_id)
        draft = facts.view.draft
        texts = await texts_for(self._services, draft)
        picture = await self._known(picture_of(self._services, facts.view.image))
        face = CardPainter(facts, texts).face(picture)
        cards = await self._cards(draft_id)
        if not cards or afresh is not None:
            place = afresh or {}
            chat_id = place.get("chat_id") or draft.chat_id
            thread_id = place.get("thread_id") if "chat_id" in place else draft.thread_id
            await self._send(draft, face, chat_id=chat_id, thread_id=thread_id)
            await self._retire(cards)
        elif cards[-1].shown != face.digest:
            await self._edit(draft, cards[-1], face)

    async def _send(
        self, draft: Draft, face: CardFace, *, chat_id: int, thread_id: int | None
    ) -> None:
        message = await self._bot.send_photo(
            chat_id,
            await self._content(face.picture),
            caption=face.html,
            parse_mode=ParseMode.HTML,
            reply_markup=face.keyboard,
            message_thread_id=thread_id,
            filename="draft.jpg",
        )

        async def remember(tx: Transaction) -> None:
            await tx.cards.add(
                draft_id=draft.id,
                chat_id=chat_id,
                thread_id=thread_id,
                message_id=message.message_id,
                shown=face.digest,
            )

        await self._insist(remember)
        await self._learn(face.picture, message)

    async def _retire(self, cards: list[Card]) -> None:
        """A card that was shown again further down has no buttons any more."""
        for card in cards:
            if card.shown != _RETIRED:
                try:
                    await self._bot.edit_message_reply_markup(
                        chat_id=card.chat_id, message_id=card.message_id
                    )
                except BadRequest as error:
                    log.debug("an old card kept its buttons: %s", error)
                await self._insist(_shows(card, _RETIRED))

    async def _edit(self, draft: Draft, card: Card, face: CardFace) -> None:
        try:
            await self._edit_message(card, face)
        except BadRequest as error:
            words = str(error).lower()
            if "message to edit not found" in words or "message can't be edited" in words:
                await self._send(draft, face, chat_id=card.chat_id, thread_id=card.thread_id)
                return
            if "not modified" not in words:
                raise
        await self._insist(_shows(card, face.digest))

    async def _edit_message(self, card: Card, face: CardFace) -> None:
        """Touch the picture only when it is another one: a caption edit uploads nothing."""
        if card.shown.partition(":")[0] == face.picture.key:
            await self._bot.edit_message_caption(
                chat_id=card.chat_id,
                message_id=card.message_id,
                caption=face.html,
                parse_mode=ParseMode.HTML,
                reply_markup=face.keyboard,
            )
            return
        media = InputMediaPhoto(
            await self._content(face.picture),
            caption=face.html,
            parse_mode=ParseMode.HTML,
            filename="draft.jpg",
        )
        message = await self._bot.edit_message_media(
            media,
            chat_id=card.chat_id,
            message_id=card.message_id,
            reply_markup=face.keyboard,
        )
        if isinstance(message, Message):
            await self._learn(face.picture, message)

    async def _content(self, picture: Picture) -> str | bytes:
        if picture.file_id is not None:
            return picture.file_id
        if picture.path is not None:
            return await asyncio.to_thread(picture.path.read_bytes)
        return await self._services.pictures.placeholder()

    async def _known(self, picture: Picture) -> Picture:
        """The placeholder under the id Telegram gave it before."""
        if picture.image_id is not None:
            return picture
        async with self._services.store.read() as tx:
            file_id = await tx.notes.get(_PLACEHOLDER_NOTE)
        return Picture(key=picture.key, path=None, file_id=file_id, image_id=None)

    async def _learn(self, picture: Picture, message: Message) -> None:
        """Remember Telegram's id of an uploaded picture: posting it then costs no upload."""
        if picture.file_id is not None or not message.photo:
            return
        file_id = message.photo[-1].file_id

        async def remember(tx: Transaction) -> None:
            if picture.image_id is not None:
                await tx.images.touch(picture.image_id, file_id=file_id)
            else:
                await tx.notes.put(_PLACEHOLDER_NOTE, file_id)

        await self._insist(remember)

    async def _cards(self, draft_id: int) -> list[Card]:
        async with self._services.store.read() as tx:
            return await tx.cards.find(draft_id=draft_id)

    async def _keep_busy(self) -> None:
        """While a picture is painted, the chat shows that a photo is on its way."""
        while True:
            try:
                await self._show_activity()
            except (StorageError, TelegramError) as error:
                log.debug("no chat action: %s", type(error).__name__)
            await asyncio.sleep(ACTION_SECONDS)

    async def _show_activity(self) -> None:
        async with self._services.store.read() as tx:
            painting = await tx.drafts.find(state=DraftState.PAINTING, limit=AT_ONCE)
        for draft in painting:
            await self._bot.send_chat_action(
                draft.chat_id, ChatAction.UPLOAD_PHOTO, message_thread_id=draft.thread_id
            )


def _shows(card: Card, digest: str) -> Work:
    async def note(tx: Transaction) -> None:
        await tx.cards.touch(card.id, shown=digest)

    return note
