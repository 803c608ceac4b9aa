"""The light reader of ``bench realtime`` sees every event once, however the bytes are cut, and its audit finds what is missing or came twice."""

from __future__ import annotations

import asyncio
import resource

import pytest

from bench.chat_stream import Reading, Seen, audit
from bench.desk_stream import Desk, audit_desk
from bench.realtime import raise_file_limit
from bot.channels.webchat.stream import PING, sent

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def event(seq: int) -> bytes:
    return sent({"seq": seq, "kind": "message", "message": {"text": "id: 99\r\nevent: x\r\ndata: y\r\n\r\n"}})


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
async def test_events_are_seen_once_however_the_bytes_are_cut(size: int) -> None:
    seen = Seen()
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reading = Reading(b"", seen, opened, lambda: None)
    stream = HEAD + chunk(event(1)) + chunk(PING) + chunk(event(2) + event(3)) + chunk(PING) + chunk(event(4))
    for start in range(0, len(stream), size):
        reading.data_received(stream[start : start + size])
    assert opened.result() == 200
    assert list(seen.times) == [1, 2, 3, 4]
    assert seen.last == 4
    assert seen.twice == []


def test_audit_counts_what_is_missing_what_came_twice_and_what_never_was() -> None:
    seen = Seen()
    for seq in (1, 2, 2, 5):
        seen.take(seq, 0.0)
    assert audit(seen, {1, 2, 3, 4}) == (2, 2)
    assert audit(seen, {1, 2, 5}) == (0, 1)


def test_a_desk_without_a_browser_follows_its_list() -> None:
    desk = Desk(None, "", "")  # type: ignore[arg-type]
    desk._take("run_javascript", {"code": 'return runMethod(7, "reset", [[{"id": 1}, {"id": 2}], {"waiting": 2}])'}, 10.0)
    desk._take("run_javascript", {"code": 'return runMethod(7, "patch", [[{"id": 3, "note": "새"}], [1], {"waiting": 2}])'}, 11.0)
    desk._take("run_javascript", {"code": 'return runMethod(9, "alarm", [true])'}, 12.0)
    desk._take("update", {"4": None}, 12.0)
    assert desk.rows == {2: {"id": 2}, 3: {"id": 3, "note": "새"}}
    assert desk.seen == {1: 10.0, 2: 10.0, 3: 11.0}


def test_the_file_limit_is_raised_and_never_lowered() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert raise_file_limit(before[0] - 1) == before[0]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("rows", "seen", "expected"),
    [
        ({1, 2, 3}, {1, 2, 3}, 0),
        ({1, 2, 3, 5}, {1, 2, 3, 5}, 0),  # an urgent one has come before the fifth, which stays in the list
        ({1, 2}, {1, 2, 3}, 1),  # seen once, lost from the list
        ({1, 2}, {1, 2}, 2),  # never seen and not in the list
        ({1, 2, 3, 9}, {1, 2, 3, 9}, 1),  # 9 does not wait any more
    ],
)
def test_a_desk_owes_the_first_of_the_queue_and_shows_nothing_that_does_not_wait(rows, seen, expected):
    assert audit_desk(rows, seen, [3, 1, 2, 4, 5], {1, 2, 3, 4, 5}, 3) == expected
