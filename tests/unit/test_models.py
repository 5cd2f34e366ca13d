"""Values that cannot change and states that follow one another only as drawn."""

from __future__ import annotations

import inspect
import json
from dataclasses import FrozenInstanceError, fields, is_dataclass
from enum import StrEnum
from itertools import product

import pytest

from app import chat, models
from app.models import MOVES, Actor, DeliveryState, DraftState, IllegalMove, ImageState, check_move
from app.orders import Cost, JobHandle

#: every legal move, as in the design: states and what may follow
DRAWN = {
    DraftState: """
        painting  -> review failed
        review    -> review painting approved rejected expired
        failed    -> failed painting review rejected
        approved  -> scheduled review
        scheduled -> published review
        published ->
        rejected  -> review failed
        expired   -> review
    """,
    ImageState: """
        intended   -> submitting failed refused
        submitting -> intended accepted ready stored refused failed unknown
        accepted   -> accepted ready stored refused failed lost
        ready      -> accepted stored failed lost
        stored     ->
        refused    ->
        failed     ->
        unknown    -> accepted ready stored
        lost       ->
    """,
    DeliveryState: """
        scheduled  -> scheduled dispatched cancelled missed
        dispatched -> publishing scheduled cancelled failed
        publishing -> published scheduled failed unknown
        published  ->
        failed     -> scheduled cancelled
        unknown    -> published scheduled failed cancelled
        cancelled  ->
        missed     -> scheduled cancelled
    """,
}


def drawn(kind: type[StrEnum]) -> set[tuple[str, str]]:
    lines = (line.partition("->") for line in DRAWN[kind].strip().splitlines())
    return {(before.strip(), after) for before, _, row in lines for after in row.split()}


PAIRS = [
    pytest.param(before, after, id=f"{kind.__name__}-{before}-{after}")
    for kind in DRAWN
    for before, after in product(kind, kind)
]


@pytest.mark.parametrize("before,after", PAIRS)
def test_a_state_is_followed_only_by_those_drawn(before: StrEnum, after: StrEnum) -> None:
    if (before.value, after.value) in drawn(type(before)):
        check_move(before, after)
    else:
        with pytest.raises(IllegalMove, match=f"{before} -> {after}"):
            check_move(before, after)


def test_every_state_has_its_line() -> None:
    assert {kind: set(MOVES[kind]) for kind in DRAWN} == {kind: set(kind) for kind in DRAWN}


def test_states_of_two_kinds_are_not_mixed_up() -> None:
    """ "scheduled" is a word of drafts and of deliveries."""
    with pytest.raises(IllegalMove):
        check_move(DraftState.SCHEDULED, DeliveryState.DISPATCHED)


VALUES = [
    one
    for module in (models, chat)
    for _, one in inspect.getmembers(module, inspect.isclass)
    if is_dataclass(one) and one.__module__ == module.__name__
]


@pytest.mark.parametrize("value", VALUES, ids=lambda one: one.__name__)
def test_a_value_is_frozen_and_built_by_keyword(value: type) -> None:
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert all(field.kw_only for field in fields(value))


def test_a_value_cannot_be_changed() -> None:
    actor = Actor(id=7, name="Ada")
    with pytest.raises(FrozenInstanceError):
        actor.name = "Bob"  # type: ignore[misc]


@pytest.mark.parametrize(
    "handle",
    [
        JobHandle(provider="bfl", model="flux-2-pro", job_id="1"),
        JobHandle(
            provider="bfl",
            model="flux-2-pro",
            job_id="ç/../1",
            poll_url="https://api.eu.bfl.ai/v1/get_result?id=1",
            cost=Cost(amount=3.0, unit="credits", usd=0.03, basis="reported"),
            request_id="r-1",
        ),
    ],
    ids=["bare", "whole"],
)
def test_a_handle_comes_back_from_json_as_it_was(handle: JobHandle) -> None:
    assert JobHandle.from_json(json.loads(json.dumps(handle.to_json()))) == handle


def test_a_handles_json_names_every_field() -> None:
    handle = JobHandle(provider="bfl", model="m", job_id="1")
    assert set(handle.to_json()) == {field.name for field in fields(JobHandle)}
