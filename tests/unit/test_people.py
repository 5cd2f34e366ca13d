"""Members, channels and announcements."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.models import AnnouncementKind, DestinationState, Role
from tests.fakes.desk import CHANNEL, Desk

DAY = timedelta(days=1)


async def roles(desk: Desk) -> dict[int, Role]:
    async with desk.store.read() as tx:
        return {member.user_id: member.role for member in await tx.members.find()}


async def test_the_brand_is_made_once(desk: Desk) -> None:
    brands = await asyncio.gather(*(desk.members.brand() for _ in range(5)))
    assert {brand.id for brand in brands} == {desk.brand.id}
    assert (desk.brand.zone, desk.brand.language) == ("Europe/Istanbul", "en")


async def test_nobody_is_let_in_by_an_empty_list(desk: Desk) -> None:
    await desk.members.settle(())
    assert await roles(desk) == {}
    assert await desk.members.find(7) is None


async def test_the_configured_owners_are_owners(desk: Desk) -> None:
    await desk.members.settle({7, 8})
    await desk.members.settle({7, 8})
    assert await roles(desk) == {7: Role.OWNER, 8: Role.OWNER}
    assert {owner.user_id for owner in await desk.members.owners()} == {7, 8}


async def test_an_owner_who_is_configured_no_more_is_out(desk: Desk) -> None:
    await desk.members.settle({7, 8})
    await desk.members.settle({8})
    assert await roles(desk) == {8: Role.OWNER}


async def test_a_member_who_is_configured_becomes_an_owner(desk: Desk) -> None:
    await desk.members.settle({7})
    async with desk.store.write() as tx:
        member = (await tx.members.find(user_id=7))[0]
        await tx.members.touch(member.id, role=Role.VIEWER)
    await desk.members.settle({7})
    assert await roles(desk) == {7: Role.OWNER}


async def test_a_name_and_a_language_are_kept(desk: Desk) -> None:
    await desk.members.settle({7})
    member = await desk.members.find(7)
    assert member is not None
    member = await desk.members.rename(member, "Ada")
    member = await desk.members.speak(member, "tr")
    assert (member.name, member.language) == ("Ada", "tr")
    assert await desk.members.find(7) == member
    assert await desk.members.rename(member, "Ada") == member


async def test_a_stranger_is_told_once_a_day(desk: Desk) -> None:
    told = [await desk.members.may_tell_stranger(5), await desk.members.may_tell_stranger(5)]
    desk.clock.advance(DAY + timedelta(seconds=1))
    told.append(await desk.members.may_tell_stranger(5))
    assert told == [True, False, True]


async def test_a_channel_is_connected_and_said_so_once(desk: Desk) -> None:
    first = await desk.channel()
    again = await desk.channel(title="Renamed")
    assert await desk.destinations.active(desk.brand.id) == [replace(first, title="Renamed")]
    assert again.id == first.id
    assert await desk.said() == [AnnouncementKind.DESTINATION_CONNECTED]


async def test_a_broken_channel_is_said_so_once_and_posted_to_no_more(desk: Desk) -> None:
    channel = await desk.channel()
    for _ in range(2):
        await desk.destinations.broken(kind="telegram", address=CHANNEL, problem="kicked")
    assert await desk.destinations.active(desk.brand.id) == []
    (row,) = await desk.destinations.all(desk.brand.id)
    assert (row.id, row.state, row.problem) == (channel.id, DestinationState.BROKEN, "kicked")
    assert (await desk.said()).count(AnnouncementKind.DESTINATION_BROKEN) == 1


async def test_a_broken_channel_can_come_back(desk: Desk) -> None:
    channel = await desk.channel()
    await desk.destinations.broken(kind="telegram", address=CHANNEL, problem="kicked")
    back = await desk.channel()
    assert (back.id, back.state, back.problem) == (channel.id, DestinationState.ACTIVE, None)
    assert (await desk.said()).count(AnnouncementKind.DESTINATION_CONNECTED) == 2


async def test_a_channel_nobody_knows_cannot_break(desk: Desk) -> None:
    await desk.destinations.broken(kind="telegram", address="-5", problem="kicked")
    assert await desk.said() == []


async def test_open_cards_hear_of_a_channel_that_comes_or_goes(desk: Desk) -> None:
    draft = await desk.review()
    unseen = await desk.announcements.unseen()
    async with desk.store.write() as tx:
        await desk.announcements.seen(tx, unseen)
    await desk.channel()
    await desk.destinations.broken(kind="telegram", address=CHANNEL, problem="kicked")
    cards = [
        one.draft_id
        for one in await desk.announcements.unseen()
        if one.kind is AnnouncementKind.CARD
    ]
    assert cards == [draft.id, draft.id]


async def test_what_was_seen_is_never_shown_again(desk: Desk) -> None:
    await desk.channel()
    words = await desk.announcements.unseen()
    async with desk.store.write() as tx:
        await desk.announcements.seen(tx, words)
    assert await desk.announcements.unseen() == []


async def test_a_try_that_failed_is_counted_and_comes_again(desk: Desk) -> None:
    await desk.channel()
    (word,) = await desk.announcements.unseen()
    async with desk.store.write() as tx:
        await desk.announcements.unshown(tx, [word])
    (again,) = await desk.announcements.unseen()
    assert (again.id, again.attempts) == (word.id, word.attempts + 1)


async def waits(desk: Desk, *, at_most: float) -> bool:
    """Whether the listener was woken rather than tired."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await desk.announcements.wait(at_most=at_most)
    return loop.time() - began < at_most


async def test_a_listener_wakes_when_something_was_said(desk: Desk) -> None:
    listener = asyncio.create_task(waits(desk, at_most=5))
    await desk.channel()
    assert await listener


async def test_a_listener_wakes_by_itself_for_other_processes_words(desk: Desk) -> None:
    assert not await waits(desk, at_most=0.01)


async def test_what_was_said_before_one_listened_wakes_too(desk: Desk) -> None:
    await desk.channel()
    assert await waits(desk, at_most=5)


async def take_back(desk: Desk) -> None:
    async with desk.store.write() as tx:
        await desk.announcements.say(
            tx, AnnouncementKind.QUARANTINED, brand_id=desk.brand.id, update_id=5
        )
        raise ZeroDivisionError


async def test_what_was_taken_back_was_never_said(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        await take_back(desk)
    assert await desk.announcements.unseen() == []
    assert not await waits(desk, at_most=0.01)
