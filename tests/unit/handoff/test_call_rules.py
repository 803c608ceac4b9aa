"""The rules of free calls: what a page may tell the other, why a call has ended, and the relay's password, which ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr, ValidationError

from core.errors import AppError
from core.settings import Settings
from handoff.calls.rules import MAX_BODY_CHARS, MAX_SIGNALS, check_signal, ice_servers, why_of
from handoff.calls.schemas import PastCall
from handoff.desk.call_words import WHYS, past_words

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
ICE = json.dumps([{"candidate": "candidate:1"}])


@pytest.mark.parametrize(
    ("kind", "n", "body", "is_starter", "is_fine"),
    [
        ("offer", 0, SDP, True, True),
        ("answer", 0, SDP, False, True),
        ("ice", 1, ICE, True, True),
        ("ice", MAX_SIGNALS - 1, ICE, False, True),
        ("offer", 0, SDP, False, False),
        ("answer", 0, SDP, True, False),
        ("offer", MAX_SIGNALS, SDP, True, False),
        ("offer", 0, "v=0\r\n", True, False),
        ("offer", 0, SDP + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", True, False),
        ("offer", 0, "v=0\r\n" + "a" * MAX_BODY_CHARS, True, False),
        ("ice", 1, json.dumps([{"candidate": "x" * 601}]), True, False),
        ("ice", 1, json.dumps([{"candidate": "x"}] * 41), True, False),
        ("ice", 1, json.dumps({"candidate": "x"}), True, False),
    ],
)
def test_what_a_page_may_say(kind, n, body, is_starter, is_fine):
    if is_fine:
        check_signal(kind, n, body, is_starter=is_starter)
    else:
        with pytest.raises(AppError):
            check_signal(kind, n, body, is_starter=is_starter)


@pytest.mark.parametrize(
    ("said", "answered", "starter", "why"),
    [
        ("hung_up", True, True, "hung_up"),
        ("hung_up", False, True, "withdrawn"),
        ("hung_up", False, False, "declined"),
        ("failed", True, False, "failed"),
        ("left", True, True, "left"),
        ("over; DROP TABLE", True, True, "hung_up"),
        ("no_answer", True, True, "hung_up"),
    ],
)
def test_why_it_ended(said, answered, starter, why):
    assert why_of(said, is_answered=answered, is_starter=starter) == why
    assert why in WHYS


def test_no_server_is_asked_unless_one_is_set():
    assert ice_servers(Settings(), "call", AT) == []


def test_the_relays_password_is_of_this_call_and_ends():
    settings = Settings(
        call_stun_urls="stun:stun.example.org:3478",
        call_turn_urls="turn:turn.example.org:3478, turns:turn.example.org:5349",
        call_turn_secret=SecretStr("north"),
        call_turn_minutes=30,
    )
    stun, turn = ice_servers(settings, "call-1", AT)
    assert stun == {"urls": ["stun:stun.example.org:3478"]}
    assert turn["urls"] == ["turn:turn.example.org:3478", "turns:turn.example.org:5349"]
    assert turn["username"] == f"{int((AT + timedelta(minutes=30)).timestamp())}:call-1"
    assert turn["credential"] == base64.b64encode(hmac.new(b"north", turn["username"].encode(), hashlib.sha1).digest()).decode()
    assert ice_servers(settings, "call-2", AT)[1]["credential"] != turn["credential"]


@pytest.mark.parametrize("urls", ["https://x", "turn:a b", "stun:x"])
def test_a_relay_is_named_as_one(urls):
    with pytest.raises(ValidationError):
        Settings(call_turn_urls=urls)


@pytest.mark.parametrize(
    ("call", "words", "missed"),
    [
        (PastCall("citizen", "김하늘", AT, AT, AT + timedelta(seconds=75), "hung_up"), "03-01 21:00 · 민원인이 건 음성 통화 · 김하늘 · 1분 15초", False),
        (PastCall("citizen", "", AT, None, AT, "no_answer"), "03-01 21:00 · 민원인이 건 음성 통화 · 부재중 (받지 않음)", True),
        (PastCall("citizen", "", AT, None, AT, "declined"), "03-01 21:00 · 민원인이 건 음성 통화 · 연결되지 않음 (거절)", False),
        (PastCall("agent", "김하늘", AT, None, AT, "no_answer"), "03-01 21:00 · 김하늘 님이 건 음성 통화 · 연결되지 않음 (받지 않음)", False),
        (PastCall("citizen", "김하늘", AT, AT, None, ""), "03-01 21:00 · 민원인이 건 음성 통화 · 통화 중", False),
    ],
)
def test_a_call_in_the_history(call, words, missed):
    assert (past_words(call), call.is_missed) == (words, missed)
