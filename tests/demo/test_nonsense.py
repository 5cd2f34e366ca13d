"""Whatever a client sends, it gets an answer or a refusal, never a crash."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.keyboards import reply_markup
from bot.demo.methods import METHODS
from bot.demo.parameters import Call, Upload
from bot.demo.refusals import Refusal
from bot.demo.targets import chat_of
from bot.demo.world import create_world
from tests.demo.harness import ADA, CHANNEL, picture

NAMES = (
    "text", "caption", "entities", "caption_entities", "photo", "document", "media",
    "reply_markup", "reply_parameters", "reply_to_message_id", "message_ids", "reaction",
    "commands", "scope", "file_id", "user_id", "parse_mode", "message_thread_id", "action",
    "draft_id", "callback_query_id", "from_chat_id", "name", "menu_button", "limit",
    "allowed_updates", "language_code", "description",
)  # fmt: skip
KEYS = st.sampled_from(
    ["type", "media", "text", "offset", "length", "emoji", "command", "chat_id", "message_id",
     "inline_keyboard", "callback_data", "url", "copy_text", "style", "caption_entities"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.sampled_from(["", "photo", "HTML", "1001", "-5", "[]", "{}", "attach://f", "@x", "²"]),
    st.text(max_size=5),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


async def outcome(method: str, values: dict[str, Any]) -> Any:
    world = create_world()
    world.updates.close()
    uploads = {"f": Upload(name="f", mime_type="image/png", data=picture())}
    result = METHODS[method](world, Call(method=method, values=values, uploads=uploads))
    return await result if inspect.isawaitable(result) else result


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"setwebhook"}))
@settings(max_examples=25)
@given(
    values=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5),
    chat_id=st.sampled_from([ADA, CHANNEL, str(ADA), "@meridian_sensors"]) | LEAVES,
)
def test_nonsense_is_answered_or_refused(
    method: str, values: dict[str, Any], chat_id: object
) -> None:
    try:
        asyncio.run(outcome(method, {**values, "chat_id": chat_id}))
    except Refusal as refusal:
        words = refusal.description
    else:
        return
    assert words.startswith(("Bad Request: ", "Forbidden: "))


@given(VALUES)
def test_a_keyboard_is_checked_or_refused(value: object) -> None:
    world = create_world()
    chat = chat_of(world, Call(method="", values={"chat_id": ADA}))
    try:
        markup = reply_markup(Call(method="", values={"reply_markup": value}), chat)
    except Refusal:
        return
    assert markup is None or isinstance(markup, dict)
