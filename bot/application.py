"""The bot as one thing that starts and stops: python-telegram-bot, announcer, jobs and sweep."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from telegram import BotCommand, Update
from telegram.error import Conflict, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import HTTPXRequest

from app.container import Services
from app.errors import SettingsInvalid, StorageError
from app.pictures.files import sweep_parts
from bot.access import check_access
from bot.announcer import Announcer
from bot.context import SERVICES, DeskContext
from bot.error_handler import on_error, tell
from bot.handlers import channels, create, lists, press, start
from bot.inbox import InboxProcessor, InboxQueue
from bot.limiter import ChatLimiter
from bot.texts import languages, load

log = logging.getLogger(__name__)

UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
COMMANDS = ("new", "prompt", "drafts", "queue", "channels", "language", "help", "cancel", "start")
POLL_SECONDS = 30
SWEEP_SECONDS = 5.0
PRUNE_SECONDS = 6 * 3600.0
#: handled updates and shown announcements are kept this long, for whoever looks into something
KEPT = timedelta(days=7)
#: what is under way at a SIGTERM gets this long; the rest is found again at the next start
GRACE_SECONDS = 2.0
#: an old long poll may live on at Telegram for half a minute; longer is a second bot
CONFLICT_SECONDS = 60.0

AnyApplication = Application[Any, DeskContext, Any, Any, Any, Any]


class DeskBot:
    """The running bot; `fatal` is set when it cannot go on."""

    def __init__(self, services: Services, application: AnyApplication) -> None:
        """Built by `running_bot`."""
        self.services = services
        self.application = application
        self.fatal: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._conflict_since: float | None = None
        self._last_conflict = 0.0

    def on_poll_error(self, error: TelegramError) -> None:
        """Polling goes on by itself; only a second poller that stays is fatal."""
        if not isinstance(error, Conflict):
            log.warning("Telegram cannot be reached: %s", type(error).__name__)
            return
        now = self.services.clock.monotonic()
        if self._conflict_since is None or now - self._last_conflict > CONFLICT_SECONDS / 2:
            self._conflict_since = now
        self._last_conflict = now
        log.warning("another program reads this bot's messages (or an old poll is still open)")
        if now - self._conflict_since > CONFLICT_SECONDS:
            self.give_up("notice.another_poller")

    def give_up(self, key: str) -> None:
        """The bot cannot go on; the sentence ends the program."""
        if not self.fatal.done():
            self.fatal.set_result(load(self.services.settings.language)(key))

    def announcer_ended(self, announcer: asyncio.Task[None]) -> None:
        """Without announcements nobody hears of anything: better to be started anew."""
        if not announcer.cancelled():
            log.error("the announcer ended", exc_info=announcer.exception())
            self.give_up("notice.broken_inside")


class PollRequest(HTTPXRequest):
    """The poll's own client. PTB ends polling silently when the token is refused; this tells."""

    def __init__(self) -> None:
        """More than one connection: a torn poll can hold one for long."""
        super().__init__(connection_pool_size=4, read_timeout=POLL_SECONDS + 5)
        self.on_refused: Callable[[], None] = _nothing

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As ever, but the token's refusal (401, or 404 for a bot that is gone) is told."""
        status, body = await super().do_request(*args, **kwargs)
        if status in (401, 404):
            self.on_refused()
        return status, body


@asynccontextmanager
async def running_bot(services: Services) -> AsyncIterator[DeskBot]:
    """Start everything in order, hand over the bot, stop everything in the opposite order."""
    brand = await services.members.brand()
    await services.members.settle(services.settings.owner_ids)
    await _clean_up(services)
    store, clock, tell_storage = services.store, services.clock, _storage_sentence(services)
    queue = InboxQueue(store=store, clock=clock, tell=tell_storage)
    processor = InboxProcessor(store=store, clock=clock, brand_id=brand.id, tell=tell_storage)
    poll = PollRequest()
    application = build_application(services, queue, processor, poll)
    processor.on_failure(again=application.process_update, give_up=_internal_sentence(services))
    desk = DeskBot(services, application)
    poll.on_refused = lambda: desk.give_up("notice.token_refused")
    async with application:
        tasks: list[asyncio.Task[None]] = []
        try:
            await _start(desk, queue, tasks)
            yield desk
        finally:
            await _stop(desk, tasks)


async def _start(desk: DeskBot, queue: InboxQueue, tasks: list[asyncio.Task[None]]) -> None:
    services, application = desk.services, desk.application
    await application.start()
    replayed = await queue.replay(application.bot)
    announcer = asyncio.create_task(Announcer(services, application.bot).run())
    announcer.add_done_callback(desk.announcer_ended)
    tasks.append(announcer)
    services.jobs.every(SWEEP_SECONDS, lambda: sweep(services))
    services.jobs.every(PRUNE_SECONDS, lambda: prune(services))
    services.jobs.start()
    await sweep(services)
    await _start_polling(desk)
    tasks.append(asyncio.create_task(_introduce(services, application)))
    log.info("the bot runs (%s messages taken up again)", replayed)


def build_application(
    services: Services, queue: InboxQueue, processor: InboxProcessor, poll: PollRequest
) -> AnyApplication:
    """The application with every handler, in the order they are tried."""
    token, base = services.settings.telegram_bot_token, services.settings.telegram_api_base_url
    if token is None:
        raise SettingsInvalid("TELEGRAM_BOT_TOKEN is not set.")
    builder: Any = ApplicationBuilder()
    application: AnyApplication = (
        builder.token(token.get_secret_value())
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .context_types(ContextTypes(context=DeskContext))
        .rate_limiter(ChatLimiter(services.pace))
        .update_queue(queue)
        .concurrent_updates(processor)
        .job_queue(None)
        .connection_pool_size(16)
        .get_updates_request(poll)
        .build()
    )
    application.bot_data[SERVICES] = services
    add_handlers(application)
    return application


def add_handlers(application: AnyApplication) -> None:
    """Register everything."""
    add = application.add_handler
    # The one door: it comes before all others and stops strangers.
    add(TypeHandler(Update, check_access), group=-1)
    add(ChatMemberHandler(channels.on_my_membership, ChatMemberHandler.MY_CHAT_MEMBER))
    add(CallbackQueryHandler(press.on_press))
    fresh = filters.UpdateType.MESSAGE
    add(CommandHandler("start", start.start, fresh))
    add(CommandHandler("help", start.show_help, fresh))
    add(CommandHandler("new", create.new, fresh))
    add(CommandHandler("prompt", create.prompt_first, fresh))
    add(CommandHandler("drafts", lists.drafts, fresh))
    add(CommandHandler("queue", lists.queue, fresh))
    add(CommandHandler("channels", lists.channels, fresh))
    add(CommandHandler("language", start.ask_language, fresh))
    add(CommandHandler("cancel", lists.cancel, fresh))
    private = filters.ChatType.PRIVATE
    add(MessageHandler(filters.COMMAND & fresh & private, start.show_help))
    add(MessageHandler(filters.TEXT & fresh, create.on_text))
    # Service messages are nobody's words; everything else people send gets an answer.
    add(MessageHandler(fresh & private & ~filters.StatusUpdate.ALL, start.unsupported))
    application.add_error_handler(on_error)


async def sweep(services: Services) -> None:
    """What a lost signal, a restart or a jump of the clock left behind."""
    await services.publishing.recover()
    await services.drafts.recover()
    await services.schedule.dispatch_due()


async def _clean_up(services: Services) -> None:
    """What a killed run left: half-written files, and leases nobody holds any more.

    Only one bot runs on a database (see `bot.lock`), so earlier runs' leases are void.
    """
    await asyncio.to_thread(sweep_parts, services.settings.outputs_dir)
    async with services.store.write() as tx:
        await tx.images.release(owner_prefix="run:")
        await tx.deliveries.release(owner_prefix="run:")


async def _start_polling(desk: DeskBot) -> None:
    updater = desk.application.updater
    if updater is None:
        raise RuntimeError("the application was built without an updater")
    await updater.start_polling(
        allowed_updates=UPDATES,
        timeout=POLL_SECONDS,
        poll_interval=0.0,
        drop_pending_updates=False,
        bootstrap_retries=-1,
        error_callback=desk.on_poll_error,
    )


async def _introduce(services: Services, application: AnyApplication) -> None:
    """Command menus where they changed, and the configured channels."""
    try:
        await _set_commands(services, application)
        await channels.connect_configured(services, application.bot)
    except TelegramError as error:
        log.warning("commands or channels could not be set up: %s", type(error).__name__)


async def _set_commands(services: Services, application: AnyApplication) -> None:
    menus = {code: _menu(code) for code in languages()}
    wanted = json.dumps([application.bot.id, menus], sort_keys=True)
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    async with services.store.read() as tx:
        if await tx.notes.get("commands") == digest:
            return
    for code, menu in menus.items():
        commands = [BotCommand(name, words) for name, words in menu.items()]
        await application.bot.set_my_commands(commands, language_code=code)
        if code == services.settings.language:
            await application.bot.set_my_commands(commands)
    async with services.store.write() as tx:
        await tx.notes.put("commands", digest)


def _menu(code: str) -> dict[str, str]:
    texts = load(code)
    return {name: texts(f"command.{name}") for name in COMMANDS}


async def _stop(desk: DeskBot, tasks: list[asyncio.Task[None]]) -> None:
    """Take nothing new, finish what is short, leave the rest to its rows.

    A step that fails keeps no later one from its turn.
    """
    for step in (_stop_polling, _stop_jobs, _stop_handlers):
        try:
            await step(desk)
        except (TelegramError, TimeoutError, RuntimeError) as error:
            log.warning("stopping: %s (%s)", type(error).__name__, error)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _stop_polling(desk: DeskBot) -> None:
    updater = desk.application.updater
    if updater is not None and updater.running:
        await updater.stop()


async def _stop_jobs(desk: DeskBot) -> None:
    await desk.services.jobs.stop(grace=GRACE_SECONDS)


async def _stop_handlers(desk: DeskBot) -> None:
    """A handler that does not end in time is taken up at the next start, by its update."""
    if desk.application.running:
        await asyncio.wait_for(desk.application.stop(), GRACE_SECONDS)


async def prune(services: Services) -> None:
    """Forget what was handled and shown long ago."""
    before = services.clock.now() - KEPT
    async with services.store.write() as tx:
        await tx.inbox.prune(before=before)
        await tx.announcements.prune(before=before)


def _nothing() -> None:
    """Nobody was named yet."""


def _storage_sentence(services: Services) -> Callable[[Update, StorageError], Awaitable[None]]:
    async def say(update: Update, error: StorageError) -> None:
        texts = load(_language(update, services))
        await tell(update, texts(f"error.{error.code}"))

    return say


def _internal_sentence(services: Services) -> Callable[[Update], Awaitable[None]]:
    async def say(update: Update) -> None:
        texts = load(_language(update, services))
        await tell(update, texts("error.internal", reference=update.update_id))

    return say


def _language(update: Update, services: Services) -> str:
    user = update.effective_user
    code = (user.language_code or "") if user else ""
    spoken = code.partition("-")[0]
    return spoken if spoken in languages() else services.settings.language
