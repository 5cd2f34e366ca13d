"""The life of a draft up to its approval."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.errors import (
    DeskError,
    InputRefused,
    NoPictureYet,
    NotFound,
    Stale,
    TextTooLong,
    TooLateToChange,
    TopicUnusable,
)
from app.models import AnnouncementKind, DeliveryState, Draft, DraftState, ImageState
from app.orders import ImageRequest
from app.prompts import themes
from app.storage import tables
from tests.fakes.desk import ADA, TOPIC, Desk
from tests.fakes.vendor import Fault, Plan, Vendor

Change = Callable[[Desk, Draft], Awaitable[Draft]]
NO = {"status": "Content Moderated"}
PENDING = {"status": "Pending"}
READY = {"status": "Ready"}


async def failed(desk: Desk, vendor: Vendor) -> Draft:
    """A draft whose picture was refused."""
    vendor.plan(Plan(answers=(NO,)))
    draft = await desk.create()
    await desk.jobs.run_all()
    return await desk.drafts.get(draft.id)


async def timed_out(desk: Desk, vendor: Vendor) -> Draft:
    """A draft whose picture is still being painted somewhere."""
    vendor.plan(Plan(answers=(*[PENDING] * 80, READY)))
    draft = await desk.create()
    await desk.jobs.run_all()
    draft = await desk.drafts.get(draft.id)
    assert (draft.state, draft.failure) == (DraftState.FAILED, "timeout")
    return draft


async def test_a_topic_becomes_a_draft_that_is_painting(desk: Desk) -> None:
    draft = await desk.create()
    assert (draft.number, draft.version, draft.state) == (1, 1, DraftState.PAINTING)
    assert draft.theme == "iot"
    image = await desk.image(draft.painting_id)
    assert (image.state, image.prompt, image.draft_id) == (
        ImageState.INTENDED,
        draft.prompt,
        draft.id,
    )
    assert desk.jobs.queued == [("paint", image.id)]


async def test_creating_costs_nothing_before_the_job_runs(
    desk: Desk, paint_vendor: Vendor
) -> None:
    await desk.create()
    assert paint_vendor.ledger.as_json() == []


async def test_a_finished_picture_brings_the_draft_to_review(desk: Desk) -> None:
    draft = await desk.review()
    assert (draft.version, draft.painting_id, draft.failure) == (1, None, None)
    image = await desk.image(draft.image_id)
    assert (image.state, image.real_width, image.mime) == (ImageState.STORED, 1024, "image/jpeg")


async def test_the_same_update_again_is_the_same_draft(desk: Desk) -> None:
    first = await desk.create(source_key="update-9")
    again = await desk.create("something else", source_key="update-9")
    assert (again.id, len(desk.jobs.queued)) == (first.id, 1)


async def test_the_same_update_at_once_is_one_draft(desk: Desk) -> None:
    drafts = await asyncio.gather(*(desk.create(source_key="update-9") for _ in range(5)))
    assert {draft.id for draft in drafts} == {drafts[0].id}
    async with desk.store.read() as tx:
        assert len(await tx.images.find()) == 1


async def test_numbers_count_up(desk: Desk) -> None:
    drafts = await asyncio.gather(*(desk.create(source_key=f"u{n}") for n in range(4)))
    assert sorted(draft.number for draft in drafts) == [1, 2, 3, 4]


@pytest.mark.parametrize("text", ["", "   ", "\n", "#iot"])
async def test_a_topic_without_a_word_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(TopicUnusable):
        await desk.create(text)


async def test_five_hundred_characters_are_a_topic_and_one_more_is_too_long(desk: Desk) -> None:
    text = ("greenhouse sensor " * 30)[:500]
    assert (await desk.create(text)).state is DraftState.PAINTING
    with pytest.raises(TextTooLong) as caught:
        await desk.create(text + "s", source_key="other")
    assert dict(caught.value.facts) == {"length": 501, "limit": 500, "over": 1}


async def test_a_refused_topic_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(TopicUnusable):
        await desk.create("#")
    async with desk.store.read() as tx:
        assert (await tx.topics.find(), await tx.drafts.find()) == ([], [])


async def test_a_prompt_may_be_read_before_anything_is_painted(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await desk.create(paint=False)
    await desk.jobs.run_all()
    assert (draft.state, draft.image_id, paint_vendor.ledger.as_json()) == (
        DraftState.REVIEW,
        None,
        [],
    )


@pytest.mark.parametrize(
    "plan,failure",
    [
        (Plan(answers=(NO,)), "moderated_output"),
        (Plan(answers=({"status": "Request Moderated"},)), "moderated_input"),
        (Plan(answers=({"status": "Error"},)), "failed"),
        (Plan(answers=(PENDING,)), "timeout"),
    ],
)
async def test_a_picture_that_does_not_come_fails_the_draft_with_its_reason(
    desk: Desk, paint_vendor: Vendor, plan: Plan, failure: str
) -> None:
    paint_vendor.plan(plan)
    draft = await desk.create()
    await desk.jobs.run_all()
    draft = await desk.drafts.get(draft.id)
    assert (draft.state, draft.failure) == (DraftState.FAILED, failure)


async def test_an_order_without_an_answer_fails_the_draft_and_is_never_repeated(
    desk: Desk, paint_vendor: Vendor
) -> None:
    paint_vendor.fail(Fault(on="submit", do="reset", accepted=True))
    draft = await desk.create()
    await desk.jobs.run_all()
    await desk.recover()
    await desk.jobs.run_all()
    assert (await desk.drafts.get(draft.id)).failure == "submit_unknown"
    assert len(paint_vendor.ledger.of("charge")) == 1


async def test_every_change_is_shown_and_written_to_the_log(desk: Desk) -> None:
    draft = await desk.review()
    await desk.drafts.edit_text(draft.id, draft.version, ADA, "New")
    shown = [one.draft_id for one in await desk.announcements.unseen()]
    assert shown == [draft.id] * 3
    async with desk.store.read() as tx:
        rows = await tx.connection.execute(tables.audit.select().order_by(tables.audit.c.id))
        assert [(row.actor, row.action) for row in rows] == [
            ("Ada", "create"),
            ("Ada", "edit_text"),
        ]


async def test_painting_again_takes_another_seed_and_keeps_the_prompt(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await desk.review()
    again = await desk.drafts.regenerate(draft.id, draft.version, ADA)
    assert (again.state, again.version, again.prompt) == (
        DraftState.PAINTING,
        draft.version + 1,
        draft.prompt,
    )
    await desk.jobs.run_all()
    settled = await desk.drafts.get(draft.id)
    assert settled.image_id != draft.image_id
    seeds = [entry.detail["body"]["seed"] for entry in paint_vendor.ledger.of("submit")]
    assert len(set(seeds)) == 2


async def test_a_second_tap_paints_nothing_twice(desk: Desk, paint_vendor: Vendor) -> None:
    draft = await desk.review()
    ends = await asyncio.gather(
        *(desk.drafts.regenerate(draft.id, draft.version, ADA) for _ in range(4)),
        return_exceptions=True,
    )
    await desk.jobs.run_all()
    assert sum(isinstance(end, Stale) for end in ends) == 3
    assert len(paint_vendor.ledger.of("charge")) == 2


async def test_a_failed_draft_can_be_painted_again(desk: Desk, paint_vendor: Vendor) -> None:
    draft = await failed(desk, paint_vendor)
    await desk.drafts.regenerate(draft.id, draft.version, ADA)
    await desk.jobs.run_all()
    settled = await desk.drafts.get(draft.id)
    assert (settled.state, settled.failure) == (DraftState.REVIEW, None)


async def test_a_picture_that_was_late_is_looked_for_again_without_paying(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await timed_out(desk, paint_vendor)
    await desk.drafts.look_again(draft.id, draft.version, ADA)
    await desk.jobs.run_all()
    assert (await desk.drafts.get(draft.id)).state is DraftState.REVIEW
    assert len(paint_vendor.ledger.of("charge")) == 1


async def test_a_picture_that_lies_ready_on_the_disk_is_found_by_looking_again(
    desk: Desk, paint_vendor: Vendor
) -> None:
    """The disk was busy when the draft was to hear of it, so the draft failed."""
    draft = await desk.create()
    await desk.studio.finish(draft.painting_id or 0)
    async with desk.store.write() as tx:
        draft = await tx.drafts.move(draft, state=DraftState.FAILED, failure="storage_busy")
    await desk.drafts.look_again(draft.id, draft.version, ADA)
    await desk.jobs.run_all()
    assert (await desk.drafts.get(draft.id)).state is DraftState.REVIEW
    assert len(paint_vendor.ledger.of("charge")) == 1


RESUMABLE = {ImageState.ACCEPTED, ImageState.READY, ImageState.STORED}


@pytest.mark.parametrize("state", ImageState, ids=str)
@pytest.mark.parametrize("failure", ["timeout", "internal", "storage"])
async def test_looking_again_goes_by_the_picture_and_not_by_the_failure(
    desk: Desk, state: ImageState, failure: str
) -> None:
    draft = await desk.create()
    async with desk.store.write() as tx:
        await tx.images.touch(draft.painting_id or 0, state=state)
        draft = await tx.drafts.move(draft, state=DraftState.FAILED, failure=failure)
    possible = state in RESUMABLE
    assert (await desk.views.of(draft.id)).can_look_again is possible
    if possible:
        assert (await look_again(desk, draft)).state is DraftState.PAINTING
    else:
        with pytest.raises(Stale):
            await look_again(desk, draft)


async def test_a_discarded_draft_remembers_the_picture_that_is_paid(
    desk: Desk, paint_vendor: Vendor
) -> None:
    gone = await discard(desk, await timed_out(desk, paint_vendor))
    back = await restore(desk, gone)
    assert (back.state, back.failure, back.decided_by) == (DraftState.FAILED, "timeout", None)
    await look_again(desk, back)
    await desk.jobs.run_all()
    assert (await desk.drafts.get(back.id)).state is DraftState.REVIEW
    assert len(paint_vendor.ledger.of("charge")) == 1


async def test_a_discarded_draft_without_such_a_picture_comes_back_to_review(
    desk: Desk, paint_vendor: Vendor
) -> None:
    back = await restore(desk, await discard(desk, await failed(desk, paint_vendor)))
    assert (back.state, back.failure) == (DraftState.REVIEW, None)


async def test_a_failure_nobody_foresaw_is_settled_and_told(
    desk: Desk, paint_vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    """The job's number cannot be read: an error of ours, and no word of the vendor."""
    draft = await desk.create()
    async with desk.store.write() as tx:
        odd = {"provider": "bfl", "nonsense": "1"}
        await tx.images.touch(draft.painting_id or 0, state=ImageState.ACCEPTED, handle=odd)
    await desk.jobs.run_all()
    draft = await desk.drafts.get(draft.id)
    assert (draft.state, draft.failure) == (DraftState.FAILED, "internal")
    assert (await desk.image(draft.painting_id)).state is ImageState.ACCEPTED
    assert "was not painted" in caplog.text


async def test_a_late_answer_to_an_order_held_for_unknown_is_welcome(desk: Desk) -> None:
    draft = await desk.create()
    async with desk.store.write() as tx:
        draft = await tx.drafts.move(draft, state=DraftState.FAILED, failure="submit_unknown")
    await desk.drafts.paint(draft.painting_id or 0)
    settled = await desk.drafts.get(draft.id)
    assert (settled.state, settled.failure) == (DraftState.REVIEW, None)


async def test_there_is_nothing_to_look_for_after_a_refusal(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await failed(desk, paint_vendor)
    with pytest.raises(Stale):
        await desk.drafts.look_again(draft.id, draft.version, ADA)


async def test_the_picture_before_a_failed_one_can_be_kept(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await desk.review()
    edited = await desk.drafts.edit_prompt(draft.id, draft.version, ADA, "Something else")
    paint_vendor.plan(Plan(answers=(NO,)))
    again = await desk.drafts.regenerate(draft.id, edited.version, ADA)
    await desk.jobs.run_all()
    kept = await desk.drafts.keep_previous(draft.id, again.version, ADA)
    assert (kept.state, kept.image_id, kept.prompt, kept.failure) == (
        DraftState.REVIEW,
        draft.image_id,
        draft.prompt,
        None,
    )
    assert kept.version > again.version
    assert (await desk.views.of(draft.id)).picture_is_current


async def test_without_an_earlier_picture_there_is_none_to_keep(
    desk: Desk, paint_vendor: Vendor
) -> None:
    draft = await failed(desk, paint_vendor)
    with pytest.raises(NoPictureYet):
        await desk.drafts.keep_previous(draft.id, draft.version, ADA)


async def test_a_new_caption_keeps_the_hashtags(desk: Desk) -> None:
    draft = await desk.review()
    edited = await desk.drafts.edit_text(draft.id, draft.version, ADA, " New text \n")
    assert (edited.caption, edited.hashtags, edited.version) == ("New text", draft.hashtags, 2)


async def test_a_last_line_of_hashtags_replaces_them(desk: Desk) -> None:
    draft = await desk.review()
    edited = await desk.drafts.edit_text(draft.id, draft.version, ADA, "New text\n#a #ğ")
    assert (edited.caption, edited.hashtags) == ("New text", ("#a", "#ğ"))


async def test_a_caption_no_channel_would_take_is_refused(desk: Desk) -> None:
    draft = await desk.review()
    with pytest.raises(TextTooLong):
        await desk.drafts.edit_text(draft.id, draft.version, ADA, "🌱" * 600)
    assert await desk.drafts.get(draft.id) == draft


async def test_a_new_prompt_paints_nothing_by_itself(desk: Desk, paint_vendor: Vendor) -> None:
    draft = await desk.review()
    edited = await desk.drafts.edit_prompt(draft.id, draft.version, ADA, " A\n green  field ")
    await desk.jobs.run_all()
    assert (edited.prompt, edited.prompt_edited, edited.state) == (
        "A green field",
        True,
        DraftState.REVIEW,
    )
    assert not (await desk.views.of(draft.id)).picture_is_current
    assert len(paint_vendor.ledger.of("submit")) == 1


@pytest.mark.parametrize("text,error", [(" \n", InputRefused), ("x" * 2001, TextTooLong)])
async def test_a_prompt_has_at_least_a_word_and_at_most_two_thousand_letters(
    desk: Desk, text: str, error: type[DeskError]
) -> None:
    draft = await desk.review()
    with pytest.raises(error):
        await desk.drafts.edit_prompt(draft.id, draft.version, ADA, text)


async def test_the_next_theme_keeps_the_words_of_a_person(desk: Desk) -> None:
    draft = await desk.review()
    written = await desk.drafts.edit_text(draft.id, draft.version, ADA, "Ours\n#OurTag")
    changed = await desk.drafts.change_theme(draft.id, written.version, ADA)
    assert (changed.caption, changed.hashtags) == ("Ours", ("#OurTag",))
    assert changed.prompt != draft.prompt


async def test_the_next_theme_tells_the_topic_anew(desk: Desk) -> None:
    draft = await desk.review()
    changed = await desk.drafts.change_theme(draft.id, draft.version, ADA)
    assert changed.theme != draft.theme
    assert changed.prompt != draft.prompt
    assert (changed.theme_guessed, changed.version) == (False, 2)


async def test_the_themes_go_round(desk: Desk) -> None:
    draft = await desk.review()
    for _ in themes():
        draft = await desk.drafts.change_theme(draft.id, draft.version, ADA)
    assert draft.theme == "iot"


async def test_a_discarded_draft_can_be_restored(desk: Desk) -> None:
    draft = await desk.review()
    gone = await desk.drafts.discard(draft.id, draft.version, ADA)
    assert (gone.state, gone.decided_by, gone.decided_at) == (
        DraftState.REJECTED,
        "Ada",
        desk.clock.now(),
    )
    back = await desk.drafts.restore(draft.id, gone.version, ADA)
    assert (back.state, back.decided_by, back.image_id) == (
        DraftState.REVIEW,
        None,
        draft.image_id,
    )


async def regenerate(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.regenerate(draft.id, draft.version, ADA)


async def edit_text(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.edit_text(draft.id, draft.version, ADA, "New")


async def edit_prompt(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.edit_prompt(draft.id, draft.version, ADA, "New")


async def change_theme(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.change_theme(draft.id, draft.version, ADA)


async def discard(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.discard(draft.id, draft.version, ADA)


async def restore(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.restore(draft.id, draft.version, ADA)


async def look_again(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.look_again(draft.id, draft.version, ADA)


async def keep_previous(desk: Desk, draft: Draft) -> Draft:
    return await desk.drafts.keep_previous(draft.id, draft.version, ADA)


_D = DraftState
#: what a person does -> the states in which it is possible at all
DOES: dict[Change, set[DraftState]] = {
    regenerate: {_D.REVIEW, _D.FAILED},
    edit_text: {_D.REVIEW, _D.FAILED, _D.APPROVED, _D.SCHEDULED},
    edit_prompt: {_D.REVIEW, _D.FAILED, _D.APPROVED, _D.SCHEDULED},
    change_theme: {_D.REVIEW, _D.FAILED},
    discard: {_D.REVIEW, _D.FAILED},
    restore: {_D.REJECTED, _D.EXPIRED},
    keep_previous: {_D.FAILED},
    look_again: set(),
}
IMPOSSIBLE = [
    pytest.param(change, state, id=f"{change.__name__}-{state}")
    for change, states in DOES.items()
    for state in DraftState
    if state not in states
]


async def in_state(desk: Desk, state: DraftState) -> Draft:
    draft = await desk.create(paint=False)
    async with desk.store.write() as tx:
        return await tx.drafts.touch(draft.id, state=state)


@pytest.mark.parametrize("change,state", IMPOSSIBLE)
async def test_what_does_not_fit_the_state_changes_nothing(
    desk: Desk, change: Change, state: DraftState
) -> None:
    draft = await in_state(desk, state)
    with pytest.raises(Stale) as caught:
        await change(desk, draft)
    assert caught.value.facts["draft"] == draft
    assert await desk.drafts.get(draft.id) == draft


@pytest.mark.parametrize("change", DOES, ids=lambda change: change.__name__)
async def test_an_old_card_changes_nothing(desk: Desk, change: Change) -> None:
    """Its buttons carry the version they were drawn for."""
    draft = await desk.review()
    newer = await edit_text(desk, draft)
    with pytest.raises(Stale) as caught:
        await change(desk, draft)
    assert caught.value.facts["draft"] == newer


@pytest.mark.parametrize("change", DOES, ids=lambda change: change.__name__)
async def test_what_is_not_there_cannot_be_changed(desk: Desk, change: Change) -> None:
    draft = await desk.create(paint=False)
    with pytest.raises(NotFound):
        await change(desk, replace(draft, id=99))


@pytest.mark.parametrize("change", [edit_text, edit_prompt], ids=lambda change: change.__name__)
async def test_an_edit_takes_the_approval_back_and_cancels_the_post(
    desk: Desk, change: Change
) -> None:
    draft, delivery = await desk.scheduled()
    edited = await change(desk, draft)
    assert (edited.state, edited.decided_by, edited.decided_at, edited.version) == (
        DraftState.REVIEW,
        None,
        None,
        draft.version + 1,
    )
    async with desk.store.read() as tx:
        assert (await tx.deliveries.get(delivery.id)).state is DeliveryState.CANCELLED
    assert desk.jobs.alarm is None
    desk.clock.advance(timedelta(hours=2))
    await desk.schedule.dispatch_due()
    await desk.jobs.run_all()
    assert desk.publisher.live == []


async def test_an_edit_of_what_is_just_going_out_is_too_late(desk: Desk) -> None:
    draft, delivery = await desk.scheduled()
    async with desk.store.write() as tx:
        await tx.deliveries.touch(delivery.id, state=DeliveryState.PUBLISHING)
    with pytest.raises(TooLateToChange):
        await edit_text(desk, draft)
    assert await desk.drafts.get(draft.id) == draft


async def test_a_picture_settled_twice_is_settled_once(desk: Desk) -> None:
    draft = await desk.create()
    image_id = draft.painting_id or 0
    await desk.drafts.paint(image_id)
    settled = await desk.drafts.get(draft.id)
    await desk.drafts.paint(image_id)
    assert await desk.drafts.get(draft.id) == settled


async def test_a_picture_nobody_waits_for_any_more_changes_nothing(desk: Desk) -> None:
    """It came after a restart, while the draft has a newer one."""
    draft = await desk.create()
    first = draft.painting_id or 0
    async with desk.store.write() as tx:
        draft = await tx.drafts.move(draft, state=DraftState.FAILED, failure="timeout")
    again = await regenerate(desk, draft)
    await desk.drafts.paint(first)
    waiting = await desk.drafts.get(draft.id)
    assert (waiting.state, waiting.painting_id) == (DraftState.PAINTING, again.painting_id)


async def test_a_picture_of_no_draft_bothers_none(desk: Desk) -> None:
    async with desk.store.write() as tx:
        image = await desk.studio.intend(
            tx, ImageRequest(prompt="A field", width=256, height=256), max_wait_seconds=60
        )
    await desk.drafts.paint(image.id)
    assert (await desk.image(image.id)).state is ImageState.STORED


async def test_recovery_takes_up_what_was_lost(desk: Desk) -> None:
    draft = await desk.create()
    desk.jobs.lose_everything()
    await desk.drafts.recover()
    assert desk.jobs.queued == [("paint", draft.painting_id)]


async def test_recovery_leaves_alone_what_somebody_has_in_hand(desk: Desk) -> None:
    draft = await desk.create()
    desk.jobs.lose_everything()
    async with desk.store.write() as tx:
        later = desk.clock.now() + timedelta(seconds=15)
        await tx.images.touch(draft.painting_id or 0, lease_until=later, owner="run:x")
    await desk.drafts.recover()
    assert desk.jobs.queued == []


async def test_recovery_leaves_settled_drafts_alone(desk: Desk, paint_vendor: Vendor) -> None:
    await desk.review()
    await failed_again(desk, paint_vendor)
    await desk.drafts.recover()
    assert desk.jobs.queued == []


async def failed_again(desk: Desk, vendor: Vendor) -> Draft:
    vendor.plan(Plan(answers=(PENDING,)))
    draft = await desk.create(TOPIC, source_key="update-2")
    await desk.jobs.run_all()
    return await desk.drafts.get(draft.id)


async def test_the_newest_living_drafts_are_listed(desk: Desk) -> None:
    drafts = [await desk.create(source_key=f"u{n}", paint=False) for n in range(4)]
    await discard(desk, drafts[3])
    recent = await desk.views.recent(desk.brand.id, limit=2)
    assert [draft.id for draft in recent] == [drafts[2].id, drafts[1].id]


async def test_a_card_tells_price_and_what_was_spent(desk: Desk, paint_vendor: Vendor) -> None:
    draft = await desk.review()
    paint_vendor.plan(Plan(answers=(NO,)))
    await regenerate(desk, draft)
    await desk.jobs.run_all()
    view = await desk.views.of(draft.id)
    assert (view.topic, view.price.unit) == (TOPIC, "bfl_credit")
    assert [cost.amount for cost in view.spent] == [3.0, 3.0]


@pytest.mark.parametrize(
    "state,code,counts",
    [
        (ImageState.INTENDED, None, False),
        (ImageState.SUBMITTING, None, False),
        (ImageState.ACCEPTED, None, True),
        (ImageState.READY, None, True),
        (ImageState.REFUSED, "moderated_input", False),
        (ImageState.REFUSED, "moderated_output", True),
        (ImageState.FAILED, "insufficient_credits", False),
        (ImageState.FAILED, "protocol", True),
        (ImageState.UNKNOWN, "submit_unknown", True),
        (ImageState.LOST, "expired", True),
    ],
)
async def test_spent_is_what_may_have_been_charged(
    desk: Desk, state: ImageState, code: str | None, counts: bool
) -> None:
    draft = await desk.create()
    async with desk.store.write() as tx:
        await tx.images.touch(draft.painting_id or 0, state=state, error_code=code)
    assert bool((await desk.views.of(draft.id)).spent) is counts


async def test_a_card_can_be_sent_again(desk: Desk) -> None:
    draft = await desk.review()
    unseen = await desk.announcements.unseen()
    async with desk.store.write() as tx:
        await desk.announcements.seen(tx, unseen)
    await desk.drafts.show(draft.id, afresh=True)
    (said,) = await desk.announcements.unseen()
    assert (said.kind, said.draft_id, said.detail) == (
        AnnouncementKind.CARD,
        draft.id,
        {"afresh": True},
    )
