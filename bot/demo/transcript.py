"""The conversation as text that a person enjoys reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.demo.log import Event
from bot.demo.records import Json
from bot.demo.world import World

INDENT = " " * 7
#: seconds within which a row of edits of one message reads as one
ONE_CHANGE = 1.5
ROOM = 44


@dataclass(kw_only=True)
class Moment:
    """One paragraph: when, where, a headline, and lines below it."""

    at: float
    chat_id: int
    headline: str
    lines: list[str] = field(default_factory=list)
    edited: int | None = None
    before: Json = field(default_factory=dict)

    def written(self) -> str:
        """The paragraph as text."""
        time = datetime.fromtimestamp(self.at, tz=UTC).astimezone().strftime("%H:%M")
        below = "".join(f"\n{INDENT}{line}".rstrip(" ") for line in self.lines)
        return f"{time}  {self.headline}{below}\n"


def tell(world: World, chat_id: int | None = None) -> str:
    """Who said, showed, changed and tapped what, oldest first; one chat, or all of them."""
    teller = _Teller(world)
    for event in world.log.after(0):
        teller.hear(event)
    moments = [one for one in teller.moments if chat_id in (None, one.chat_id)]
    return "".join(_spaced(moments)).replace(world.token, "…")


def _spaced(moments: list[Moment]) -> Iterator[str]:
    """Paragraphs stand apart; lines that stand alone follow each other closely."""
    for before, moment in zip([None, *moments], moments, strict=False):
        if before and (before.lines or moment.lines):
            yield "\n"
        yield moment.written()


class _Teller:
    def __init__(self, world: World) -> None:
        self._world = world
        self._shown: dict[tuple[int, int], Json] = {}
        self._bot_was: dict[int, str] = {}
        self.moments: list[Moment] = []

    def hear(self, event: Event) -> None:
        listen = getattr(self, f"_hear_{event.kind}", None)
        if listen:
            listen(event)

    def _say(self, event: Event, headline: str, lines: list[str] | None = None) -> None:
        chat_id = event.data.get("chat_id", event.data.get("id", 0))
        moment = Moment(at=event.at, chat_id=chat_id, headline=headline, lines=lines or [])
        self.moments.append(moment)

    def _hear_reset(self, event: Event) -> None:
        self.moments.clear()
        self._shown.clear()

    def _hear_message(self, event: Event) -> None:
        shown = event.data
        self._shown[_key(shown)] = shown
        if shown["service"]:
            self._say(event, f"— {shown['service']}{self._where(shown['chat_id'])} —")
            return
        lines = [*_quote(shown), *_content(shown), *_buttons(shown)]
        name = self._who(shown)
        if len(lines) == 1 and shown["text"] and not shown["reply_to"]:
            self._say(event, f"{name}: {lines[0]}")
        else:
            self._say(event, f"{name}:", lines)

    def _hear_edit(self, event: Event) -> None:
        shown = event.data
        before = self._shown.get(_key(shown), shown)
        self._shown[_key(shown)] = shown
        if shown["reactions"] != before["reactions"]:
            marks = " ".join(shown["reactions"]) or "nothing any more"
            self._say(event, f"{self._world.bot.first_name} reacts with {marks}")
            return
        last = self._last_in(shown["chat_id"])
        quick = last is not None and event.at - last.at < ONE_CHANGE
        if last and quick and last.edited == shown["message_id"]:
            # Edits in quick succession are one change to whoever reads.
            before = last.before
            self.moments.remove(last)
        lines = list(_changes(before, shown))
        if lines:
            self._say(event, f"{self._who(shown)} edits «{_short(before)}»", lines)
            self.moments[-1].edited, self.moments[-1].before = shown["message_id"], before

    def _hear_delete(self, event: Event) -> None:
        gone = self._shown.pop(_key(event.data), None)
        if gone and not gone["service"]:
            self._say(event, f"— «{_short(gone)}» was deleted —")

    def _hear_tap(self, event: Event) -> None:
        name = self._world.users[event.data["user_id"]].first_name
        self._say(event, f"{name} taps «{event.data['text']}»")

    def _hear_answer(self, event: Event) -> None:
        if event.data["text"]:
            how = "alert" if event.data["show_alert"] else "toast"
            self._say(event, f"({how}) {event.data['text']}")

    def _hear_chat(self, event: Event) -> None:
        chat, bot = event.data, self._world.bot
        person = chat["type"] == "private"
        status = chat["members"].get(str(chat["id"] if person else bot.id), "left")
        before = self._bot_was.get(chat["id"])
        self._bot_was[chat["id"]] = status
        if before is None or before == status:
            return
        if person:
            name = self._world.users[chat["id"]].first_name
            verb = "blocks" if status == "kicked" else "unblocks"
            self._say(event, f"— {name} {verb} {bot.first_name} —")
        else:
            self._say(event, f"— {bot.first_name} {_PLACES[status]} «{chat['title']}» —")

    def _last_in(self, chat_id: int) -> Moment | None:
        return next((one for one in reversed(self.moments) if one.chat_id == chat_id), None)

    def _who(self, shown: Json) -> str:
        if shown["from"] is None:
            return f"▸ {self._world.chats[shown['chat_id']].title}"
        return f"{shown['from']['first_name']}{self._where(shown['chat_id'])}"

    def _where(self, chat_id: int) -> str:
        title = self._world.chats[chat_id].title
        return f" in «{title}»" if title else ""


_PLACES = {
    "administrator": "is now an administrator of",
    "member": "is now a plain member of",
    "left": "left",
    "kicked": "was removed from",
}


def _key(shown: Json) -> tuple[int, int]:
    return shown["chat_id"], shown["message_id"]


def _quote(shown: Json) -> Iterator[str]:
    if shown["reply_to"]:
        yield f"│ {' '.join(shown['reply_to']['text'].split()) or '…'}"


def _content(shown: Json) -> Iterator[str]:
    if photo := shown["photo"]:
        yield f"[photo {photo['width']}x{photo['height']}]"
    if document := shown["document"]:
        yield f"[file {document['file_name']}]"
    yield from shown["text"].splitlines()


def _buttons(shown: Json) -> Iterator[str]:
    for row in shown["keyboard"]:
        yield " ".join(f"[{button['text']}]" for button in row)


def _changes(before: Json, after: Json) -> Iterator[str]:
    if after["photo"] != before["photo"] and after["photo"]:
        yield f"[photo {after['photo']['width']}x{after['photo']['height']}]"
    if after["document"] != before["document"] and after["document"]:
        yield f"[file {after['document']['file_name']}]"
    if after["text"] != before["text"]:
        yield from _new_lines(before["text"], after["text"]) or ["(fewer words)"]
    if after["keyboard"] != before["keyboard"]:
        yield from list(_buttons(after)) or ["(no buttons any more)"]


def _new_lines(before: str, after: str) -> list[str]:
    """What a reader would notice: the new lines, with an ellipsis for the others."""
    known = set(before.splitlines())
    told: list[str] = []
    for line in after.splitlines():
        if line not in known:
            told.append(line)
        elif line and told[-1:] != ["…"]:
            told.append("…")
    return told if set(told) - {"…"} else []


def _short(shown: Json) -> str:
    words = " ".join(shown["text"].split())
    if not words:
        return next(_content(shown), "…").strip("[]")
    return words if len(words) <= ROOM else words[: ROOM - 1].rstrip() + "…"
