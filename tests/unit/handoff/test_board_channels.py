"""How each channel's state is told on the board: what does not deliver stands first, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handoff.board.channels import ChannelState, alarm_words, channels, quota_words, state_words

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def used(name: str, pending: int = 0, dead: int = 0) -> dict[str, object]:
    return {
        "channel": name,
        "last_inbound_at": AT,
        "pending": pending,
        "oldest_pending_at": AT - timedelta(minutes=7) if pending else None,
        "dead": dead,
    }


def test_used_and_configured_channels_each_stand_there_once_and_the_stuck_ones_first():
    found = channels([used("webchat"), used("line", 3)], [ChannelState("line", why="waits"), ChannelState("wechat")])
    assert [(one.name, one.is_stuck) for one in found] == [("line", True), ("webchat", False), ("wechat", False)]
    assert channels([], []) == ()


@pytest.mark.parametrize(
    ("why", "word", "what"),
    [
        ("danger_waits", "위험 안내가 나가지 않음", "위험한 분께 보낼 안내 2건이 1분 30초째"),
        ("quota", "발송 한도 다 씀", "발송 한도를 다 썼습니다"),
        ("waits", "보낼 글이 밀림", "보낼 글 3건이 밀려 있습니다. 가장 오래된 것은 7분 0초 전"),
        ("given_up", "여럿 보내지 못함", "15분 동안 12건"),
        ("a code of tomorrow", "보내지 못함", "12건"),
    ],
)
def test_why_it_does_not_deliver_is_said_in_words(why, word, what):
    state = ChannelState("line", None, 2, AT - timedelta(seconds=90), why == "quota", 12, why)
    (one,) = channels([used("line", 3)], [state])
    assert state_words(one) == f"▲ {word}"
    assert alarm_words(one, "라인", AT).startswith("라인: ")
    assert what in alarm_words(one, "라인", AT)
    assert quota_words(one) == ("▲ 다 씀" if why == "quota" else "남아 있음")


def test_lines_that_wait_on_a_channel_that_nobody_runs_are_an_alarm():
    kept, idle, own = channels([used("kakao", 4), used("line"), used("webchat")], [])
    assert (kept.is_stuck, state_words(kept)) == (True, "▲ 연결 설정 없음")
    assert "4건이 남아" in alarm_words(kept, "카카오톡", AT)
    assert (idle.is_stuck, state_words(idle)) == (False, "연결 설정 없음")
    assert (own.is_stuck, state_words(own), quota_words(own)) == (False, "정상", "–")
