"""Reply markup, checked as strictly as Telegram checks it."""

from __future__ import annotations

from typing import Any

from bot.demo.parameters import Call
from bot.demo.records import Chat, Json
from bot.demo.refusals import bad_request

ACTIONS = {
    "callback_data", "url", "copy_text", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "pay",
    "callback_game",
}  # fmt: skip
STYLES = {None, "", "primary", "success", "danger"}
MOST_BUTTONS = 100
SCHEMES = ("http://", "https://", "tg://", "ton://")


def reply_markup(call: Call, chat: Chat, *, inline_only: bool = False) -> Json | None:
    """The keyboard of a call for that chat; None when there is none."""
    value = call.structure("reply_markup")
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        return _inline(value["inline_keyboard"])
    if inline_only or chat.type == "channel":
        raise bad_request("inline keyboard expected")
    return value


def _inline(rows: Any) -> Json | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be of type Array')
    checked = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in checked) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return {"inline_keyboard": checked} if checked else None


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: expected an Object")
    shape = {key: value for key, value in button.items() if value is not None}
    if not str(shape.get("text", "")).strip():
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    if not ACTIONS & shape.keys():
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    _check_action(shape)
    if shape.get("style") not in STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    return shape


def _check_action(shape: Json) -> None:
    if "callback_data" in shape and not 1 <= len(str(shape["callback_data"]).encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in shape and not _good_url(str(shape["url"])):
        raise bad_request(
            f"inline keyboard button URL '{shape['url']}' is invalid: Wrong HTTP URL"
        )
    copied = shape.get("copy_text")
    if "copy_text" in shape and not (
        isinstance(copied, dict) and 1 <= len(str(copied.get("text", ""))) <= 256
    ):
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _good_url(url: str) -> bool:
    named = url.startswith(SCHEMES)
    host = url.partition("://")[2] if named else url
    return bool(host) and " " not in url and (named or "." in url)
