"""Answers to taps on buttons."""

from __future__ import annotations

from bot.demo import utf16
from bot.demo.parameters import Call
from bot.demo.refusals import QUERY_TOO_OLD, bad_request
from bot.demo.world import World

ANSWER_SECONDS = 15
ANSWER_LIMIT = 200


def answer_callback_query(world: World, call: Call) -> bool:
    """Ends the spinner of a tap: once, and within fifteen seconds."""
    callback = world.callbacks.get(call.text("callback_query_id"))
    if (
        callback is None
        or callback.answer is not None
        or world.clock.now() - callback.at > ANSWER_SECONDS
    ):
        raise bad_request(QUERY_TOO_OLD)
    text = call.text("text")
    if utf16.length(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    callback.answer = {"text": text or None, "show_alert": call.flag("show_alert")}
    callback.answered.set()
    world.publish("answer", {**callback.place(), **callback.answer})
    return True


METHODS = {"answerCallbackQuery": answer_callback_query}
