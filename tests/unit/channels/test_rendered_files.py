"""A picture of ours where the platform shows one, an address where it does not, and nothing where nobody could open it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from linebot.v3.messaging import PushMessageRequest

from bot.channels.contract import Outbound
from bot.channels.line.wire import CAPABILITIES, message
from bot.channels.rendering import render
from bot.channels.testing import FakeMessenger
from bot.delivery import pack
from conversation.outbox import body_of
from conversation.schemas import Body, SentFile
from tests.unit.channels.test_delivery import make_row

PICTURE = SentFile(7, "image", "여권.jpg", "https://g.example/files/7.p.1.x", "https://g.example/files/7.t.1.x")
SAID = "상담관이 사진을 보냈습니다."


def a_body(file: SentFile = PICTURE) -> Body:
    return Body(SAID, kind="file", file=file)


def test_line_gets_the_words_and_the_picture_as_its_own_models_want_it() -> None:
    words, picture = render(a_body(), "ko", CAPABILITIES)
    assert words.text == SAID
    content = [message(words), message(picture)]
    assert content[1] == {"type": "image", "originalContentUrl": PICTURE.url, "previewImageUrl": PICTURE.preview_url} | (
        {"quickReply": content[1]["quickReply"]} if "quickReply" in content[1] else {}
    )
    assert len(PushMessageRequest.from_dict({"to": "U1", "messages": content}).messages) == 2


def test_the_quick_replies_stand_under_the_picture() -> None:
    words, picture = render(a_body(), "ko", CAPABILITIES)
    assert not words.quick_replies
    assert picture.quick_replies


def test_a_picture_is_still_one_beside_the_words_that_go_with_it() -> None:
    row = make_row(body=a_body())
    load = pack([(row, render(row.body, "ko", CAPABILITIES))], CAPABILITIES)
    assert [(one.image_url, one.preview_url) for one in load.messages] == [("", ""), (PICTURE.url, PICTURE.preview_url)]
    more = make_row(2)
    load = pack([(row, render(row.body, "ko", CAPABILITIES)), (more, render(more.body, "ko", CAPABILITIES))], CAPABILITIES)
    assert [message(one)["type"] for one in load.messages] == ["text", "image", "text"]


@pytest.mark.parametrize(
    "file", [replace(PICTURE, url="http://g.example/files/7.p.1.x"), replace(PICTURE, kind="document"), replace(PICTURE, url="https://g.example/" + "x" * 1000)]
)
def test_what_line_cannot_show_is_an_address(file: SentFile) -> None:
    messages = render(a_body(file), "ko", CAPABILITIES)
    assert not any(one.image_url for one in messages)
    assert file.url in messages[0].text


def test_where_there_are_no_pictures_it_is_an_address() -> None:
    table = FakeMessenger().capabilities
    assert [one.text for one in render(a_body(), "ko", table)] == [f"{SAID}\n{PICTURE.url}"]


def test_a_path_that_nobody_can_open_is_left_out() -> None:
    (only,) = render(a_body(replace(PICTURE, url="/files/7.p.1.x")), "ko", FakeMessenger().capabilities)
    assert replace(only, quick_replies=()) == Outbound(SAID)


def test_a_stored_line_comes_back_with_its_file() -> None:
    assert body_of({"text": SAID, "kind": "file", "file": vars(PICTURE)}) == a_body()
    assert body_of({"text": SAID}).file is None
