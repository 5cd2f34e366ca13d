"""Two independent libraries hold the same conversation with the local Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiogram
import httpx
import pytest
import telegram
import telegram.error
import telegram.request
from aiogram import types
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter

from bot.demo.server import LocalTelegram
from tests.demo.harness import ADA, CHANNEL, People, picture

WANTED = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]


@pytest.fixture
async def ptb(local: LocalTelegram) -> AsyncIterator[telegram.Bot]:
    bot = telegram.Bot(local.world.token, base_url=local.bot_api_url, base_file_url=local.file_url)
    async with bot:
        yield bot


@pytest.fixture
async def other(local: LocalTelegram) -> AsyncIterator[aiogram.Bot]:
    session = AiohttpSession(
        api=TelegramAPIServer(
            base=local.url + "/bot{token}/{method}", file=local.url + "/file/bot{token}/{path}"
        )
    )
    bot = aiogram.Bot(
        local.world.token, session=session, default=DefaultBotProperties(parse_mode="HTML")
    )
    yield bot
    await session.close()


async def test_python_telegram_bot_takes_a_topic_to_the_channel(
    ptb: telegram.Bot, people: People
) -> None:
    await people.post("promote", chat_id=CHANNEL)
    await people.say("/new Smart irrigation")
    promoted, asked = await ptb.get_updates(allowed_updates=WANTED)
    assert promoted.my_chat_member
    assert promoted.my_chat_member.chat.id == CHANNEL
    assert asked.message
    assert asked.message.parse_entities() == {asked.message.entities[0]: "/new"}
    row = [telegram.InlineKeyboardButton("Approve", callback_data="ok", style="success")]
    card = await asked.message.reply_photo(
        picture(640, 480),
        caption="<b>Every drop</b> &amp; more",
        parse_mode="HTML",
        reply_markup=telegram.InlineKeyboardMarkup([row]),
        do_quote=True,
    )
    assert card.caption == "Every drop & more"
    assert card.reply_to_message
    assert card.reply_to_message.text == "/new Smart irrigation"
    tapping = asyncio.create_task(people.tap(card.message_id, "ok", wait=10))
    (tapped,) = await ptb.get_updates(offset=asked.update_id + 1, timeout=10)
    assert tapped.callback_query
    assert tapped.callback_query.from_user.first_name == "Ada"
    await tapped.callback_query.answer("Going out")
    assert (await tapping)["answer"]["text"] == "Going out"
    new_picture = telegram.InputMediaPhoto(picture(800, 600), caption="Final")
    final = await card.edit_media(new_picture)
    assert isinstance(final, telegram.Message)
    assert final.photo[-1].width == 800
    assert final.reply_markup is None
    post = await ptb.send_photo("@meridian_sensors", final.photo[-1].file_id, caption="Final")
    assert post.sender_chat
    assert post.sender_chat.id == CHANNEL
    data = await (await post.photo[-1].get_file()).download_as_bytearray()
    assert data.startswith(b"\xff\xd8")
    assert (await people.messages(CHANNEL))[0]["photo"]["width"] == 800


async def test_aiogram_takes_a_topic_to_the_channel(other: aiogram.Bot, people: People) -> None:
    await people.post("promote", chat_id=CHANNEL)
    await people.say("/new Smart irrigation")
    promoted, asked = await other.get_updates(allowed_updates=WANTED)
    assert promoted.my_chat_member
    assert promoted.my_chat_member.new_chat_member.status == "administrator"
    assert asked.message
    assert asked.message.from_user
    keyboard = types.InlineKeyboardMarkup(
        inline_keyboard=[[types.InlineKeyboardButton(text="Approve", callback_data="ok")]]
    )
    card = await other.send_photo(
        ADA,
        types.BufferedInputFile(picture(640, 480), "draft.png"),
        caption="<b>Every drop</b> &amp; more",
        reply_markup=keyboard,
        reply_parameters=types.ReplyParameters(message_id=asked.message.message_id),
    )
    assert card.html_text == "<b>Every drop</b> &amp; more"
    assert card.reply_to_message
    tapping = asyncio.create_task(people.tap(card.message_id, "ok", wait=10))
    (tapped,) = await other.get_updates(offset=asked.update_id + 1, timeout=10)
    assert tapped.callback_query
    assert tapped.callback_query.data == "ok"
    await other.answer_callback_query(tapped.callback_query.id, text="Going out")
    assert (await tapping)["answer"]["text"] == "Going out"
    media = types.InputMediaPhoto(
        media=types.BufferedInputFile(picture(800, 600), "final.png"), caption="Final"
    )
    final = await other.edit_message_media(media, chat_id=ADA, message_id=card.message_id)
    assert isinstance(final, types.Message)
    assert final.photo
    assert final.photo[-1].width == 800
    assert final.reply_markup is None
    post = await other.send_photo(CHANNEL, final.photo[-1].file_id, caption="Final")
    assert post.sender_chat
    assert post.photo
    file = await other.get_file(post.photo[-1].file_id)
    assert file.file_path
    downloaded = await other.download_file(file.file_path)
    assert downloaded
    assert downloaded.read(2) == b"\xff\xd8"


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
async def test_python_telegram_bot_sees_its_own_errors(
    ptb: telegram.Bot, people: People, local: LocalTelegram
) -> None:
    await people.post("faults", method="sendMessage", kind="429", retry_after=7)
    with pytest.raises(telegram.error.RetryAfter):
        await ptb.send_message(ADA, "x")
    await people.post("faults", method="sendMessage", kind="html")
    with pytest.raises(telegram.error.NetworkError):
        await ptb.send_message(ADA, "x")
    await people.post("faults", method="sendMessage", kind="drop")
    with pytest.raises(telegram.error.NetworkError):
        await ptb.send_message(ADA, "x")
    with pytest.raises(telegram.error.BadRequest, match="Chat not found"):
        await ptb.send_message(5, "x")
    await people.post("block", user_id=ADA)
    with pytest.raises(telegram.error.Forbidden):
        await ptb.send_message(ADA, "x")
    group = await people.group()
    chat = (await people.post("migrate", chat_id=group))["chat"]
    with pytest.raises(telegram.error.ChatMigrated) as migrated:
        await ptb.send_message(group, "x")
    assert migrated.value.new_chat_id == chat["id"]
    stranger = telegram.Bot("42:wrong", base_url=local.bot_api_url)
    with pytest.raises(telegram.error.InvalidToken):
        await stranger.initialize()
    await stranger.shutdown()


async def test_aiogram_sees_its_own_errors(other: aiogram.Bot, people: People) -> None:
    await people.post("faults", method="sendMessage", kind="429", retry_after=7)
    with pytest.raises(TelegramRetryAfter):
        await other.send_message(ADA, "x")
    with pytest.raises(TelegramBadRequest, match="can't parse entities"):
        await other.send_message(ADA, "a < b")


async def test_both_read_chats_members_albums_and_menus(
    ptb: telegram.Bot, other: aiogram.Bot, people: People
) -> None:
    await people.post("promote", chat_id=CHANNEL)
    media = [telegram.InputMediaPhoto(picture(90 + n, 90), caption=str(n)) for n in range(2)]
    first = await ptb.send_media_group(ADA, media)
    files = [types.InputMediaPhoto(media=one.photo[-1].file_id) for one in first]
    second = await other.send_media_group(ADA, [*files])
    assert [one.photo[-1].file_id for one in first] == [
        one.photo[-1].file_id for one in second if one.photo
    ]
    assert (await ptb.get_chat(CHANNEL)).title == "Meridian Sensors"
    assert (await other.get_chat(CHANNEL)).title == "Meridian Sensors"
    member = await ptb.get_chat_member(CHANNEL, 42)
    assert isinstance(member, telegram.ChatMemberAdministrator)
    assert member.can_post_messages
    assert len(await other.get_chat_administrators(CHANNEL)) == 2
    await ptb.set_my_commands([("new", "New post")], telegram.BotCommandScopeAllPrivateChats())
    (command,) = await other.get_my_commands(types.BotCommandScopeAllPrivateChats())
    assert command.command == "new"
    await ptb.set_message_reaction(ADA, first[0].message_id, "👀")
    assert (await people.messages())[0]["reactions"] == ["👀"]


async def test_the_raw_request_class_reads_the_local_answers(local: LocalTelegram) -> None:
    request = telegram.request.HTTPXRequest(httpx_kwargs={"trust_env": False})
    async with request:
        url = f"{local.bot_api_url}{local.world.token}/getMe"
        found = await request.post(url)
    assert isinstance(found, dict)
    assert found["username"] == "postdesk_demo_bot"


async def test_a_call_made_by_hand_is_the_same(local: LocalTelegram) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{local.bot_api_url}{local.world.token}/getme")
    assert answer.json()["result"]["is_bot"] is True
