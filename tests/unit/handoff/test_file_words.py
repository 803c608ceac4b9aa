"""What a desk says of lines without words, and of files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from conversation.files.schemas import File, State
from conversation.schemas import ChannelLimits, Line
from handoff.desk.file_lines import sent_as, shown_files, word_of
from handoff.desk.words import line_text


def a_file(**values: Any) -> File:
    plain = {
        "id": 7,
        "conversation_id": "c",
        "message_id": 1,
        "place": 0,
        "channel": "line",
        "kind": "image",
        "state": State.READY,
        "reason": "",
        "name": "",
        "media_type": "image/jpeg",
        "size_bytes": 2_345_678,
        "attempts": 0,
        "has_position": True,
        "expires_at": datetime(2026, 12, 1, tzinfo=UTC),
    }
    return File(**(plain | values))


def a_line(*files: File, by: str = "citizen") -> Line:
    return Line(1, 1, by, None, "file", {"text": "(사진)"}, datetime(2026, 11, 22, tzinfo=UTC), files=files)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("sticker", {"text": "(스티커)"}, "스티커를 보냈습니다"),
        ("file", {"text": "(사진)"}, "사진을 보냈습니다"),
        ("file", {"text": "(파일: 여권 (사본).pdf)"}, "파일을 보냈습니다: 여권 (사본).pdf"),
        ("file", {"text": "(동영상)"}, "동영상을 보냈습니다"),
        ("file", {"text": "(음성)"}, "음성을 보냈습니다"),
        ("file", {"text": "(미니 프로그램: 지도)"}, "(미니 프로그램: 지도)"),
        ("file", {"text": ""}, "파일을 보냈습니다"),
        ("withdrawn", {"text": "", "withdrawn": True}, "보낸 글을 민원인이 거두어들였습니다. 내용은 지워졌습니다."),
        ("text", {"text": "(사진)"}, "(사진)"),
        ("location", {"text": ""}, "위치를 보냈습니다"),
    ],
)
def test_a_line_without_words_is_named(kind: str, body: dict[str, Any], said: str) -> None:
    assert line_text(kind, body) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "사진 · 2.3 MB"),
        ({"kind": "document", "name": "여권.pdf", "size_bytes": 900}, "파일 여권.pdf · 1 KB"),
        ({"state": State.WAITING}, "사진 · 가져오는 중"),
        ({"state": State.RECEIVED}, "사진 · 여는 중"),
        ({"state": State.REFUSED, "reason": "too_large"}, "사진 · 너무 커서 받지 않았습니다"),
        ({"state": State.REFUSED, "reason": "private_address"}, "사진 · 가져오지 못했습니다"),
        ({"state": State.EXPIRED}, "사진 · 보관 기한이 지나 지워졌습니다"),
    ],
)
def test_how_far_a_file_has_come_is_said_in_words(values: dict[str, Any], said: str) -> None:
    assert word_of(a_file(**values)) == said


def test_the_place_of_a_picture_and_its_original_are_offered_to_the_owner_alone() -> None:
    (own,) = shown_files(a_line(a_file()), 3, is_owner=True)
    assert (own["position"], own["original"]) == (True, "/desk/files/3/7/original")
    (others,) = shown_files(a_line(a_file()), 3, is_owner=False)
    assert (others["position"], others["original"], others["picture"]) == (False, "", "/desk/files/3/7/picture")


def test_a_file_that_is_not_ready_has_nothing_to_open() -> None:
    for state in set(State) - {State.READY}:
        (shown,) = shown_files(a_line(a_file(state=state)), 3, is_owner=True)
        assert [shown[form] for form in ("thumbnail", "picture", "original")] == ["", "", ""]


def test_of_our_own_picture_there_is_no_original() -> None:
    (shown,) = shown_files(a_line(a_file(has_position=False), by="agent"), 3, is_owner=True)
    assert (shown["original"], shown["position"]) == ("", False)


def test_a_document_may_be_fetched_by_whoever_may_see_the_case() -> None:
    (shown,) = shown_files(a_line(a_file(kind="document")), 3, is_owner=False)
    assert (shown["original"], shown["thumbnail"]) == ("/desk/files/3/7/original", "")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ChannelLimits(1000), ""),
        (ChannelLimits(1000, images=True, files=True), ""),
        (ChannelLimits(1000, images=True, file_links=True), "PDF는 여는 주소로 갑니다. 72시간 동안 열립니다."),
        (ChannelLimits(1000, file_links=True), "사진과 PDF는 여는 주소로 갑니다. 72시간 동안 열립니다."),
    ],
)
def test_how_a_file_goes(limits: ChannelLimits, said: str) -> None:
    assert sent_as(limits) == said
