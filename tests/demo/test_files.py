"""Uploads in every way clients write them, file_ids, and downloads."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from tests.demo.harness import ADA, Bot, People, base64_of, picture

BOUNDARY = "frontier"


def multipart(fields: dict[str, str], files: dict[str, bytes]) -> bytes:
    """A multipart body as aiogram and the node libraries build it."""
    lines: list[bytes] = []
    for name, value in fields.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        lines.append(head.encode() + value.encode())
    for name, data in files.items():
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; '
            'filename="application.octet-stream"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        lines.append(head.encode() + data)
    return b"\r\n".join(lines) + f"\r\n--{BOUNDARY}--\r\n".encode()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


async def test_a_photo_comes_in_sizes_that_grow(bot: Bot) -> None:
    sent = await bot.call("sendPhoto", chat_id=ADA, photo=picture(2000, 1000))
    sizes = [(size["width"], size["height"]) for size in sent["photo"]]
    assert sizes == [(90, 45), (320, 160), (800, 400), (1280, 640)]
    assert len({size["file_id"] for size in sent["photo"]}) == 4


async def test_a_small_photo_is_not_enlarged(bot: Bot) -> None:
    sent = await bot.call("sendPhoto", chat_id=ADA, photo=picture(64, 48))
    assert [(size["width"], size["height"]) for size in sent["photo"]] == [(64, 48)]


async def test_a_chunked_upload_with_an_attached_part_is_taken(bot: Bot) -> None:
    body = multipart(
        {"chat_id": str(ADA), "photo": "attach://f1", "caption": "Çiçek"},
        {"f1": picture(300, 200)},
    )
    response = await bot.http.post(
        bot.url("SENDPHOTO"),
        content=in_pieces(body),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    assert "content-length" not in response.request.headers
    sent = response.json()["result"]
    assert sent["caption"] == "Çiçek"
    assert sent["photo"][-1]["width"] == 300


async def test_a_file_id_in_a_json_body_sends_the_photo_again(bot: Bot) -> None:
    first = await bot.call("sendPhoto", chat_id=ADA, photo=picture(300, 200))
    body = {
        "method": "sendPhoto",
        "chat_id": ADA,
        "photo": first["photo"][-1]["file_id"],
        "reply_markup": {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]},
    }
    again = (await bot.http.post(bot.url("sendPhoto"), json=body)).json()["result"]
    assert again["photo"] == first["photo"]
    assert again["reply_markup"]["inline_keyboard"][0][0]["text"] == "Go"


async def test_parameters_may_stand_in_the_query(bot: Bot) -> None:
    query = {"chat_id": str(ADA), "text": "by GET", "disable_notification": "true"}
    answer = await bot.http.get(bot.url("sendmessage"), params=query)
    assert answer.json()["result"]["text"] == "by GET"


async def test_the_same_picture_has_the_same_unique_id(bot: Bot) -> None:
    one, two = [await bot.call("sendPhoto", chat_id=ADA, photo=picture()) for _ in range(2)]
    other = await bot.call("sendPhoto", chat_id=ADA, photo=picture(colour="navy"))
    assert one["photo"][-1]["file_unique_id"] == two["photo"][-1]["file_unique_id"]
    assert one["photo"][-1]["file_unique_id"] != other["photo"][-1]["file_unique_id"]


async def test_a_photo_is_downloaded_as_a_jpeg_of_its_size(bot: Bot) -> None:
    sent = await bot.call("sendPhoto", chat_id=ADA, photo=picture(1600, 800))
    for size in sent["photo"]:
        found = await bot.call("getFile", file_id=size["file_id"])
        path = f"/file/bot{bot.local.world.token}/{found['file_path']}"
        data = (await bot.http.get(path)).content
        assert len(data) == found["file_size"]
        with Image.open(io.BytesIO(data)) as loaded:
            assert (loaded.format, loaded.size) == ("JPEG", (size["width"], size["height"]))


async def test_a_document_comes_back_byte_by_byte(bot: Bot) -> None:
    original = picture(50, 50)
    sent = await bot.call("sendDocument", chat_id=ADA, document=original, caption="raw")
    assert sent["document"]["file_size"] == len(original)
    found = await bot.call("getFile", file_id=sent["document"]["file_id"])
    path = f"/file/bot{bot.local.world.token}/{found['file_path']}"
    assert (await bot.http.get(path)).content == original


@pytest.mark.parametrize("token,status", [("42:wrong", 401), (None, 404)])
async def test_downloads_ask_for_the_token_and_a_known_path(
    bot: Bot, token: str | None, status: int
) -> None:
    path = f"/file/bot{token or bot.local.world.token}/photos/file_99.jpg"
    assert (await bot.http.get(path)).status_code == status


async def test_an_album_mixes_uploads_and_file_ids(bot: Bot, people: People) -> None:
    known = (await bot.call("sendPhoto", chat_id=ADA, photo=picture()))["photo"][-1]["file_id"]
    media = [
        {"type": "photo", "media": known, "caption": "<b>one</b>", "parse_mode": "HTML"},
        {"type": "photo", "media": "attach://new"},
    ]
    album = await bot.call("sendMediaGroup", chat_id=ADA, media=media, new=picture(99, 99))
    assert album[0]["photo"][-1]["file_id"] == known
    assert album[0]["caption_entities"][0]["type"] == "bold"
    assert album[0]["media_group_id"] == album[1]["media_group_id"]
    assert [shown["media_group_id"] for shown in await people.messages()] == [
        None,
        album[0]["media_group_id"],
        album[0]["media_group_id"],
    ]


async def test_an_album_is_sent_whole_or_not_at_all(bot: Bot, people: People) -> None:
    media = [{"type": "photo", "media": f"attach://{name}"} for name in ("good", "bad")]
    await bot.refusal("sendMediaGroup", chat_id=ADA, media=media, good=picture(), bad=b"no")
    assert await people.messages() == []


async def test_new_media_replaces_picture_caption_and_keyboard(bot: Bot, people: People) -> None:
    sent = await bot.call(
        "sendPhoto",
        chat_id=ADA,
        photo=picture(),
        caption="old",
        reply_markup={"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]},
    )
    edited = await bot.call(
        "editMessageMedia",
        chat_id=ADA,
        message_id=sent["message_id"],
        media={"type": "photo", "media": "attach://file"},
        file=picture(80, 80),
    )
    assert edited["photo"][-1]["width"] == 80
    assert "caption" not in edited
    assert "reply_markup" not in edited
    (shown,) = await people.messages()
    assert shown["photo"]["width"] == 80


async def test_people_send_photos_and_see_those_of_the_bot(bot: Bot, people: People) -> None:
    said = await people.say("look", photo=base64_of(picture(120, 90)))
    assert said["message"]["photo"]["width"] == 120
    (update,) = await bot.updates()
    assert update["message"]["caption"] == "look"
    assert update["message"]["photo"][-1]["height"] == 90
    seen = await bot.http.get(said["message"]["photo"]["url"])
    assert seen.headers["content-type"] == "image/jpeg"


async def test_a_copy_has_no_origin_and_a_forward_has_one(bot: Bot, people: People) -> None:
    said = (await people.say("original"))["message"]["message_id"]
    source = {"chat_id": ADA, "from_chat_id": ADA, "message_id": said}
    copied = await bot.call("copyMessage", **source)
    forwarded = await bot.call("forwardMessage", **source)
    assert forwarded["forward_origin"]["sender_user"]["id"] == ADA
    shown = {message["message_id"]: message for message in await people.messages()}
    assert shown[copied["message_id"]]["text"] == "original"


async def test_a_json_body_that_is_none_is_a_bad_request(bot: Bot) -> None:
    headers = {"Content-Type": "application/json"}
    for body in ("{", json.dumps([1]), '{"text": "\\ud83d"}'):
        answer = await bot.http.post(bot.url("getMe"), content=body, headers=headers)
        problem: dict[str, Any] = answer.json()
        assert problem["error_code"] == 400
