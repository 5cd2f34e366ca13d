"""Rows as models: compare-and-set, types, claims, and the indexes behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import StatementError

from app.errors import NotFound, Stale
from app.models import (
    AnnouncementKind,
    Brand,
    Delivery,
    DeliveryState,
    DestinationState,
    Draft,
    DraftState,
    IllegalMove,
    ImageState,
)
from app.storage.database import Database, SqlTransaction

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=2)


async def a_brand(tx: SqlTransaction) -> Brand:
    return await tx.brands.add(
        name="Brand", zone="Europe/Istanbul", language="en", grid="", created_at=NOW
    )


async def a_draft(store: Database, **values: object) -> Draft:
    async with store.write() as tx:
        brands = await tx.brands.find(limit=1)
        brand = brands[0] if brands else await a_brand(tx)
        number = await tx.drafts.next_number(brand.id)
        topic = await tx.topics.add(
            brand_id=brand.id,
            text="sera",
            language="tr",
            author_id=7,
            source_key=f"key {number}",
            created_at=NOW,
        )
        plain = {
            "brand_id": brand.id,
            "number": number,
            "topic_id": topic.id,
            "author_id": 7,
            "chat_id": -100,
            "language": "tr",
            "theme": "iot",
            "theme_guessed": True,
            "template_id": "greenhouse",
            "subject": "sera",
            "unknown_words": ("falanca",),
            "prompt": "A greenhouse",
            "prompt_edited": False,
            "caption_edited": False,
            "seed": 2**31,
            "caption": "Sera.",
            "hashtags": ("#iot", "#çilek"),
            "alt_text": "",
            "state": DraftState.REVIEW,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }
        return await tx.drafts.add(**plain | values)


async def deliveries(store: Database, *dues: timedelta) -> list[Delivery]:
    """One delivery for each due time, counted from NOW."""
    draft = await a_draft(store)
    async with store.write() as tx:
        destination = await tx.destinations.add(
            brand_id=draft.brand_id,
            kind="telegram",
            address="-100",
            title="Channel",
            state=DestinationState.ACTIVE,
            created_at=NOW,
        )
        made = []
        for number, due in enumerate(dues):
            post = await tx.posts.add(
                brand_id=draft.brand_id,
                draft_id=draft.id,
                draft_version=1,
                due=NOW + due,
                wall="",
                zone="UTC",
                created_by="Ada",
                created_at=NOW,
            )
            made.append(
                await tx.deliveries.add(
                    post_id=post.id,
                    draft_id=draft.id,
                    destination_id=destination.id,
                    ikey=f"post:{number}",
                    due=NOW + due,
                    state=DeliveryState.SCHEDULED,
                    fence=0,
                    attempts=0,
                    updated_at=NOW,
                )
            )
        return made


MINUTE = timedelta(minutes=1)


async def test_a_row_comes_back_as_it_was_written(store: Database) -> None:
    draft = await a_draft(store)
    async with store.read() as tx:
        assert await tx.drafts.get(draft.id) == draft
    assert (draft.hashtags, draft.unknown_words) == (("#iot", "#çilek"), ("falanca",))
    assert (draft.state, draft.created_at, draft.thread_id) == (DraftState.REVIEW, NOW, None)


async def test_an_instant_of_another_zone_is_the_same_instant_in_utc(store: Database) -> None:
    istanbul = NOW.astimezone(timezone(timedelta(hours=3)))
    draft = await a_draft(store, created_at=istanbul)
    assert (draft.created_at, draft.created_at.tzinfo) == (NOW, UTC)


async def test_microseconds_survive(store: Database) -> None:
    moment = NOW.replace(microsecond=123_457)
    assert (await a_draft(store, created_at=moment)).created_at == moment


async def test_a_naive_time_is_refused(store: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await a_draft(store, created_at=NOW.replace(tzinfo=None))


async def test_a_word_of_no_enumeration_is_refused(store: Database) -> None:
    with pytest.raises(StatementError, match="nonsense"):
        await a_draft(store, state="nonsense")


async def test_json_keeps_every_letter(store: Database) -> None:
    payload = {"text": "İğne 🌱\u2028", "list": [1, None, {"a": 1.5}], "big": 2**53}
    async with store.write() as tx:
        assert await tx.inbox.keep(5, payload, now=NOW)
    async with store.read() as tx:
        assert [entry.payload for entry in await tx.inbox.open()] == [payload]


async def test_what_is_not_there_is_not_found(store: Database) -> None:
    async with store.write() as tx:
        with pytest.raises(NotFound, match="draft 99"):
            await tx.drafts.get(99)
        with pytest.raises(NotFound):
            await tx.drafts.touch(99, caption="x")


async def test_rows_are_found_by_equality_membership_and_absence(store: Database) -> None:
    one, two = await a_draft(store), await a_draft(store, caption="Two", thread_id=3)
    async with store.read() as tx:
        assert await tx.drafts.find(caption="Two") == [two]
        assert await tx.drafts.find(state=[DraftState.REVIEW, DraftState.FAILED]) == [one, two]
        assert await tx.drafts.find(state=()) == []
        assert await tx.drafts.find(thread_id=None) == [one]
        assert await tx.drafts.find(order="-number", limit=1) == [two]


async def test_a_move_compares_what_was_read(store: Database) -> None:
    draft = await a_draft(store)
    async with store.write() as tx:
        moved = await tx.drafts.move(draft, version=2, caption="New")
    assert (moved.version, moved.caption) == (2, "New")
    async with store.write() as tx:
        with pytest.raises(Stale):
            await tx.drafts.move(draft, version=2, caption="Other")
    async with store.read() as tx:
        assert await tx.drafts.get(draft.id) == moved


async def test_of_many_movers_one_wins(store: Database) -> None:
    draft = await a_draft(store)

    async def approve() -> Draft:
        async with store.write() as tx:
            return await tx.drafts.move(draft, state=DraftState.APPROVED)

    ends = await asyncio.gather(*(approve() for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(end, Draft) for end in ends) == 1
    assert sum(isinstance(end, Stale) for end in ends) == 19


async def test_an_illegal_move_is_refused_before_it_is_tried(store: Database) -> None:
    draft = await a_draft(store)
    async with store.write() as tx:
        with pytest.raises(IllegalMove):
            await tx.drafts.move(draft, state=DraftState.PUBLISHED)


async def test_deliveries_compare_the_fence_too(store: Database) -> None:
    (delivery,) = await deliveries(store, MINUTE)
    async with store.write() as tx:
        await tx.deliveries.move(delivery, fence=1)
        with pytest.raises(Stale):
            await tx.deliveries.move(delivery, state=DeliveryState.CANCELLED)


async def test_numbers_count_up_for_each_brand(store: Database) -> None:
    await a_draft(store)
    await a_draft(store)
    async with store.write() as tx:
        other = await a_brand(tx)
        assert await tx.drafts.next_number(other.id) == 1
        assert await tx.drafts.next_number(other.id - 1) == 3


async def test_what_is_due_is_claimed_oldest_first_up_to_the_limit(store: Database) -> None:
    rows = await deliveries(store, -MINUTE, -3 * MINUTE, MINUTE, -2 * MINUTE, 0 * MINUTE)
    async with store.write() as tx:
        claimed = await tx.deliveries.claim_due(now=NOW, limit=3, lease_until=LEASE)
    assert [one.id for one in claimed] == [rows[1].id, rows[3].id, rows[0].id]
    assert {(one.state, one.lease_until) for one in claimed} == {(DeliveryState.DISPATCHED, LEASE)}


async def test_equal_times_are_claimed_in_the_order_they_were_made(store: Database) -> None:
    rows = await deliveries(store, *[-MINUTE] * 4)
    async with store.write() as tx:
        claimed = await tx.deliveries.claim_due(now=NOW, limit=2, lease_until=LEASE)
    assert [one.id for one in claimed] == [rows[0].id, rows[1].id]


async def test_no_row_is_claimed_twice(store: Database) -> None:
    """Two stores on one file are two processes' connections."""
    rows = await deliveries(store, *[-MINUTE] * 40)
    other = Database(store.url.render_as_string(hide_password=False))

    async def claim(database: Database) -> list[int]:
        async with database.write() as tx:
            claimed = await tx.deliveries.claim_due(now=NOW, limit=7, lease_until=LEASE)
            return [one.id for one in claimed]

    taken = await asyncio.gather(*(claim(one) for one in [store, other] * 4))
    await other.close()
    assert sorted(one for some in taken for one in some) == [row.id for row in rows]


async def test_only_scheduled_rows_are_claimed(store: Database) -> None:
    rows = await deliveries(store, *[-MINUTE] * 2)
    async with store.write() as tx:
        await tx.deliveries.move(rows[0], state=DeliveryState.CANCELLED)
        claimed = await tx.deliveries.claim_due(now=NOW, limit=9, lease_until=LEASE)
    assert [one.id for one in claimed] == [rows[1].id]


async def test_the_next_due_time_is_that_of_the_earliest_scheduled(store: Database) -> None:
    rows = await deliveries(store, 3 * MINUTE, MINUTE, 2 * MINUTE)
    async with store.write() as tx:
        assert await tx.deliveries.next_due() == NOW + MINUTE
        await tx.deliveries.move(rows[1], state=DeliveryState.CANCELLED)
        assert await tx.deliveries.next_due() == NOW + 2 * MINUTE


async def test_without_anything_scheduled_nothing_is_due(store: Database) -> None:
    async with store.read() as tx:
        assert await tx.deliveries.next_due() is None


async def test_a_lease_lapses_at_its_end_and_not_before(store: Database) -> None:
    await deliveries(store, -MINUTE)
    async with store.write() as tx:
        await tx.deliveries.claim_due(now=NOW, limit=9, lease_until=LEASE)
        assert await tx.deliveries.lapsed(now=LEASE - timedelta(seconds=1)) == []
        assert len(await tx.deliveries.lapsed(now=LEASE)) == 1


async def test_leases_are_released_of_the_named_owners_and_of_nobodys(store: Database) -> None:
    rows = await deliveries(store, *[-MINUTE] * 3)
    async with store.write() as tx:
        await tx.deliveries.claim_due(now=NOW, limit=9, lease_until=LEASE)
        for row, owner in zip(rows, ("run:a", "runner:b", None), strict=True):
            await tx.deliveries.touch(row.id, owner=owner)
        released = await tx.deliveries.release(owner_prefix="run:")
    assert [row.id for row in released] == [rows[0].id, rows[2].id]


async def test_a_prefix_means_itself_and_no_pattern(store: Database) -> None:
    draft = await a_draft(store)
    async with store.write() as tx:
        await add_image(tx, draft.id, owner="run:a", lease_until=LEASE)
        assert await tx.images.release(owner_prefix="r_n:") == []
        assert await tx.images.release(owner_prefix="%") == []


async def add_image(tx: SqlTransaction, draft_id: int | None, **values: object) -> int:
    plain = {
        "draft_id": draft_id,
        "state": ImageState.ACCEPTED,
        "provider": "bfl",
        "model": "m",
        "prompt": "p",
        "width": 64,
        "height": 64,
        "output_format": "png",
        "deadline_at": LEASE,
        "fence": 1,
        "cost_unit": "",
        "cost_basis": "unknown",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return (await tx.images.add(**plain | values)).id


async def test_an_orphan_is_awaited_and_in_nobodys_hands(store: Database) -> None:
    draft = await a_draft(store, state=DraftState.PAINTING)
    async with store.write() as tx:
        older = await add_image(tx, draft.id)
        awaited = await add_image(tx, draft.id, lease_until=LEASE, owner="run:a")
        await tx.drafts.move(draft, painting_id=awaited)
        assert await tx.images.orphaned(now=NOW) == []
        assert [one.id for one in await tx.images.orphaned(now=LEASE)] == [awaited]
        await tx.images.release(owner_prefix="run:")
        assert [one.id for one in await tx.images.orphaned(now=NOW)] == [awaited]
    assert older != awaited


async def test_a_pace_moves_towards_what_was_measured(store: Database) -> None:
    async with store.write() as tx:
        assert await tx.paces.usual("k") is None
        await tx.paces.learn("k", 10.0)
        assert await tx.paces.usual("k") == 10.0
        for _ in range(200):
            await tx.paces.learn("k", 20.0)
        assert await tx.paces.usual("k") == pytest.approx(20.0, abs=0.1)


async def test_an_update_is_kept_once(store: Database) -> None:
    async with store.write() as tx:
        kept = [await tx.inbox.keep(5, {"n": n}, now=NOW) for n in range(2)]
    async with store.read() as tx:
        assert [entry.payload for entry in await tx.inbox.open()] == [{"n": 0}]
    assert kept == [True, False]


async def test_updates_stay_open_in_order_until_done_or_put_aside(store: Database) -> None:
    async with store.write() as tx:
        for update_id in (9, 3, 7):
            await tx.inbox.keep(update_id, {}, now=NOW)
        assert [entry.update_id for entry in await tx.inbox.open()] == [3, 7, 9]
        await tx.inbox.done(3, now=NOW)
        assert [await tx.inbox.failed(7, error="x") for _ in range(2)] == [1, 2]
        await tx.inbox.quarantine(7, now=NOW)
        assert [entry.update_id for entry in await tx.inbox.open()] == [9]


async def test_a_handled_update_is_still_known(store: Database) -> None:
    async with store.write() as tx:
        await tx.inbox.keep(3, {}, now=NOW)
        await tx.inbox.done(3, now=NOW)
        assert not await tx.inbox.keep(3, {}, now=NOW)


async def test_a_stranger_is_told_once_a_period(store: Database) -> None:
    day = timedelta(days=1)
    async with store.write() as tx:
        told = [
            await tx.strangers.may_tell(5, now=NOW + after, since=NOW + after - day)
            for after in (0 * day, day / 2, day * 1.1, day * 1.2)
        ]
    assert told == [True, False, True, False]


async def test_a_note_is_replaced(store: Database) -> None:
    async with store.write() as tx:
        await tx.notes.put("key", "old")
        await tx.notes.put("key", "new")
        assert (await tx.notes.get("key"), await tx.notes.get("other")) == ("new", None)


async def test_announcements_are_unseen_oldest_first(store: Database) -> None:
    draft = await a_draft(store)
    async with store.write() as tx:
        made = [
            await tx.announcements.add(
                brand_id=draft.brand_id,
                kind=AnnouncementKind.CARD,
                draft_id=draft.id,
                detail={"n": n},
                attempts=0,
                created_at=NOW,
            )
            for n in range(3)
        ]
        await tx.announcements.touch(made[0].id, done_at=NOW)
        assert await tx.announcements.unseen(limit=1) == made[1:2]
        assert await tx.announcements.unseen(limit=9) == made[1:]


async def test_a_foreign_key_must_lead_somewhere(store: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        async with store.write() as tx:
            await add_image(tx, 99)


Question = Callable[[SqlTransaction], Awaitable[object]]

SWEEP: dict[str, tuple[Question, str]] = {
    "claim": (
        lambda tx: tx.deliveries.claim_due(now=NOW, limit=5, lease_until=LEASE),
        "ix_delivery_due",
    ),
    "next due": (lambda tx: tx.deliveries.next_due(), "ix_delivery_due"),
    "overdue": (lambda tx: tx.deliveries.overdue(before=NOW), "ix_delivery_due"),
    "lapsed": (lambda tx: tx.deliveries.lapsed(now=NOW), "ix_delivery_lease_until"),
    "unseen": (lambda tx: tx.announcements.unseen(limit=5), "ix_announcement_open"),
    "inbox": (lambda tx: tx.inbox.open(), "ix_inbox_open"),
}


async def plan(store: Database, question: Question) -> list[str]:
    """SQLite's plan for the statements that such a question makes."""
    seen: list[tuple[str, Any]] = []
    found: list[str] = []
    async with store.write() as tx:
        connection = tx.connection.sync_connection

        def note(_c: object, _cursor: object, words: str, values: object, *_: object) -> None:
            seen.append((words, values))

        event.listen(connection, "before_cursor_execute", note)
        await question(tx)
        event.remove(connection, "before_cursor_execute", note)
        for words, values in seen:
            rows: Any = await tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)
            found.extend(str(row[3]) for row in rows)
    return found


@pytest.mark.parametrize("question,index", SWEEP.values(), ids=SWEEP.keys())
async def test_the_questions_of_every_sweep_use_their_partial_index(
    store: Database, question: Question, index: str
) -> None:
    await deliveries(store, MINUTE)
    found = await plan(store, question)
    table = index.split("_")[1]
    assert any(index in step for step in found), found
    assert not any(step == f"SCAN {table}" for step in found), found
