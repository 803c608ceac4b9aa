"""What a file is, is told by its first bytes alone."""

from __future__ import annotations

import pytest

from conversation.files import kinds
from conversation.files.kinds import kind_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", kinds.JPEG),
        (b"\x89PNG\r\n\x1a\n", kinds.PNG),
        (b"GIF89a", kinds.GIF),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", kinds.WEBP),
        (b"\x00\x00\x00\x1cftypheic", kinds.HEIC),
        (b"\x00\x00\x00\x1cftypmif1", kinds.HEIC),
        (b"%PDF-1.7\n", kinds.PDF),
        (b"\x00\x00\x00\x1cftypM4A ", kinds.M4A),
        (b"\x00\x00\x00\x1cftypisom", kinds.MP4),
        (b"\x00\x00\x00\x1cftyp3gp4", kinds.MP4),
        (b"#!AMR\n", kinds.AMR),
        (b"ID3\x04", kinds.MP3),
    ],
)
def test_taken(head: bytes, kind: kinds.Kind) -> None:
    assert kind_of(head + b"\x00" * 100) is kind
    assert kind_of(head + b"\x00" * 100, said_to_be="text/html") is kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"PK\x03\x04",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"#!/bin/sh\n",
        b"\n%PDF-1.7",
        b" \xff\xd8\xff\xe0",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00\x00\x00\x1cftypavif",
        b"\xff",
    ],
)
def test_not_taken(content: bytes) -> None:
    assert kind_of(content) is None
    assert kind_of(content, said_to_be="image/jpeg") is None


@pytest.mark.parametrize(
    ("content", "is_text"), [("길게 쓴 글입니다.\n".encode(), True), (b"a\x00b", False), ("글".encode("euc-kr"), False), (b"  \n", False), (b"\x1b[2J", False)]
)
def test_text_must_be_said_to_be_text_and_be_nothing_else(content: bytes, is_text: bool) -> None:
    assert (kind_of(content, said_to_be="text/plain") is kinds.TEXT) is is_text
    assert kind_of(content) is None
