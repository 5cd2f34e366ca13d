"""The buttons under a card, by what can be done with the draft now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import KeyboardButtonStyle

from app.models import Delivery, DeliveryState, Draft, DraftState
from app.orders import Cost
from app.prompts import themes
from app.slots import quick_times
from app.views import DraftView
from bot.callback_data import Action, Press, instant_extra
from bot.texts import Texts

Button = InlineKeyboardButton
Row = Sequence[Button]

_ASKABLE = frozenset({DeliveryState.UNKNOWN, DeliveryState.MISSED, DeliveryState.FAILED})
#: nothing of it is out, or may be
_MOVABLE = frozenset(
    {
        DeliveryState.SCHEDULED,
        DeliveryState.CANCELLED,
        DeliveryState.MISSED,
        DeliveryState.FAILED,
    }
)


def price_text(texts: Texts, cost: Cost) -> str:
    """What a picture costs, or about costs."""
    if cost.amount is None:
        return texts("price.unknown")
    if cost.amount == 0:
        return texts("price.free")
    price = texts(f"price.{cost.unit}", amount=f"{cost.amount:g}")
    return price if cost.basis == "reported" else texts("price.approximately", price=price)


class CardKeyboard:
    """Builds the keyboard of one draft in one language."""

    def __init__(
        self,
        view: DraftView,
        deliveries: Sequence[Delivery],
        *,
        texts: Texts,
        zone: ZoneInfo,
        now: datetime,
        next_free: datetime | None,
        connected: bool,
    ) -> None:
        """`next_free` is the slot named on the approve button; `connected`: there is a channel."""
        self._view = view
        self._draft = view.draft
        self._deliveries = deliveries
        self._texts = texts
        self._zone = zone
        self._now = now
        self._next_free = next_free
        self._connected = connected

    def main(self) -> InlineKeyboardMarkup:
        """What the card shows first."""
        rows = {
            DraftState.REVIEW: self._review,
            DraftState.FAILED: self._failed,
            DraftState.APPROVED: self._approved,
            DraftState.SCHEDULED: self._scheduled,
            DraftState.REJECTED: self._put_away,
            DraftState.EXPIRED: self._put_away,
            DraftState.PUBLISHED: self._published,
            DraftState.PAINTING: list,
        }[self._draft.state]()
        return InlineKeyboardMarkup(rows)

    def times(self) -> InlineKeyboardMarkup:
        """Quick times, typing one, and the way back."""
        quick = [
            self._button("at", Action.AT, extra=instant_extra(instant), when=self._when(instant))
            for _name, instant in quick_times(self._now, self._zone)
        ]
        rows: list[Row] = [quick[i : i + 2] for i in range(0, len(quick), 2)]
        return InlineKeyboardMarkup(
            [
                *rows,
                [self._button("type_time", Action.TYPE_TIME), self._button("now", Action.NOW)],
                [self._button("back", Action.BACK)],
            ]
        )

    def _review(self) -> list[Row]:
        if not self._view.picture_is_current:
            return [[self._paint("paint", style=KeyboardButtonStyle.SUCCESS)], *self._editing()]
        return [
            *self._timing("approve_at", Action.APPROVE),
            [self._paint("regenerate"), self._button("edit_text", Action.EDIT_TEXT)],
            [self._button("edit_prompt", Action.EDIT_PROMPT), self._theme()],
            [self._discard()],
        ]

    def _timing(self, named: str, action: Action) -> list[Row]:
        """Approve at the slot it names; without a channel or a slot, approve without a time."""
        if not self._connected:
            return [[self._button("approve", Action.APPROVE, style=KeyboardButtonStyle.SUCCESS)]]
        other = [self._button("other_time", Action.TIMES), self._button("now", Action.NOW)]
        if self._next_free is None:
            return [other]
        first = self._button(
            named,
            action,
            extra=instant_extra(self._next_free),
            style=KeyboardButtonStyle.SUCCESS,
            when=self._when(self._next_free),
        )
        return [[first], other]

    def _editing(self) -> list[Row]:
        return [
            [
                self._button("edit_text", Action.EDIT_TEXT),
                self._button("edit_prompt", Action.EDIT_PROMPT),
            ],
            [self._theme(), self._discard()],
        ]

    def _failed(self) -> list[Row]:
        rows: list[Row] = []
        if self._view.can_look_again:
            rows.append([self._button("look_again", Action.LOOK_AGAIN)])
        rows.append([self._paint("try_again")])
        if self._draft.image_id is not None:
            rows.append([self._button("keep_previous", Action.KEEP_PREVIOUS)])
        return [*rows, *self._editing()]

    def _approved(self) -> list[Row]:
        rows = self._timing("schedule_at", Action.AT) if self._connected else []
        return [*rows, *self._taking_back()]

    def _scheduled(self) -> list[Row]:
        asked = [row for one in self._deliveries for row in self._delivery(one)]
        movable = all(one.state in _MOVABLE and not one.may_be_live for one in self._deliveries)
        if not movable:
            return asked
        return [*asked, [self._button("move", Action.TIMES)], *self._taking_back()]

    def _taking_back(self) -> list[Row]:
        return [
            [
                self._button("unschedule", Action.UNSCHEDULE),
                self._button("edit_scheduled", Action.EDIT_TEXT),
            ]
        ]

    def _delivery(self, one: Delivery) -> list[Row]:
        if one.state not in _ASKABLE:
            return []
        again = {
            DeliveryState.UNKNOWN: "post_again",
            DeliveryState.MISSED: "post_now",
            DeliveryState.FAILED: "retry",
        }[one.state]
        # an answer is about one attempt: to a later one it is stale
        row = [
            self._button(again, Action.POST_AGAIN, target=one.id, version=one.fence),
            self._button("drop", Action.DROP, target=one.id, version=one.fence),
        ]
        if one.state is DeliveryState.UNKNOWN:
            seen = self._button("seen", Action.SEEN, target=one.id, version=one.fence)
            return [[seen], row]
        return [row]

    def _put_away(self) -> list[Row]:
        return [[self._button("restore", Action.RESTORE)]]

    def _published(self) -> list[Row]:
        links = [one.remote_url for one in self._deliveries if one.remote_url]
        asked = [row for one in self._deliveries for row in self._delivery(one)]
        open_post = self._texts("button.open_post")
        return [*([Button(open_post, url=link)] for link in links), *asked]

    def _paint(self, key: str, *, style: KeyboardButtonStyle | None = None) -> Button:
        price = price_text(self._texts, self._view.price)
        return self._button(key, Action.REGENERATE, style=style, price=price)

    def _theme(self) -> Button:
        names = themes()
        following = names[(names.index(self._draft.theme) + 1) % len(names)]
        return self._button(
            "theme",
            Action.THEME,
            theme=theme_name(self._texts, self._draft.theme),
            next=theme_name(self._texts, following),
        )

    def _discard(self) -> Button:
        return self._button("discard", Action.DISCARD, style=KeyboardButtonStyle.DANGER)

    def _when(self, instant: datetime) -> str:
        return self._texts.day_and_time(instant, self._zone, now=self._now)

    def _button(
        self,
        key: str,
        action: Action,
        *,
        extra: str = "",
        target: int | None = None,
        version: int | None = None,
        style: KeyboardButtonStyle | None = None,
        **values: str,
    ) -> Button:
        press = Press(
            action=action,
            target=self._draft.id if target is None else target,
            version=self._draft.version if version is None else version,
            extra=extra,
        )
        label = self._texts(f"button.{key}", **values)
        return Button(label, callback_data=press.pack(), style=style)


def theme_name(texts: Texts, theme: str) -> str:
    """A theme as people call it; the owner's own themes have only their id."""
    return texts(f"theme.{theme}") if texts.has(f"theme.{theme}") else theme


def confirm_time(texts: Texts, draft: Draft, instant: datetime) -> InlineKeyboardMarkup:
    """OK or change, under the echo of a typed time."""
    at = Press(
        action=Action.AT, target=draft.id, version=draft.version, extra=instant_extra(instant)
    )
    change = Press(action=Action.TYPE_TIME, target=draft.id, version=draft.version)
    return InlineKeyboardMarkup(
        [
            [
                Button(
                    texts("button.confirm"),
                    callback_data=at.pack(),
                    style=KeyboardButtonStyle.SUCCESS,
                ),
                Button(texts("button.change"), callback_data=change.pack()),
            ]
        ]
    )


def language_choice(texts: Texts) -> InlineKeyboardMarkup:
    """One button a language."""
    buttons = [
        Button(
            texts(f"button.{name}"),
            callback_data=Press(action=Action.LANGUAGE, target=0, extra=code).pack(),
        )
        for code, name in (("en", "english"), ("tr", "turkish"))
    ]
    return InlineKeyboardMarkup([buttons])


def draft_list(texts: Texts, drafts: Sequence[Draft]) -> InlineKeyboardMarkup:
    """A button a draft, to bring its card down."""
    buttons = [
        Button(
            texts("drafts.show", number=one.number),
            callback_data=Press(action=Action.SHOW, target=one.id, version=one.version).pack(),
        )
        for one in drafts
    ]
    return InlineKeyboardMarkup([buttons[i : i + 4] for i in range(0, len(buttons), 4)])
