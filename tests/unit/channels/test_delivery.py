"""What a sender does next: a table of what is known, and how messages are packed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.contract import DANGER, Action, ActionKind, Actions, Capabilities, Delivery, Limit, Outbound
from bot.delivery import DANGER_PATIENCE_S, Step, Way, gather_quick_replies, next_step, pack, patience_s
from conversation.outbox import Row
from conversation.schemas import Body

PULL = Capabilities(Limit(1000), messages_per_send=3)
PUSH = Capabilities(Limit(1000), may_push=True)
KEYED = Capabilities(Limit(1000), messages_per_send=5, may_push=True, push_has_key=True, spent_window_tells=True)


def make_row(number: int = 1, **values: Any) -> Row:
    given = {
        "body": Body("안내"),
        "policy": "at_most_once",
        "attempts": 0,
        "parts_sent": 0,
        "in_doubt": False,
        "parcel": None,
        "window_id": None,
        "in_reply_to": None,
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Row(number, number, **given | values)


DOUBT = {"in_doubt": True, "parcel": UUID(int=1)}
DANGEROUS = {"policy": "at_least_once"}


@pytest.mark.parametrize(
    ("row", "table", "has_window", "attempt_open", "step"),
    [
        (make_row(), KEYED, True, False, Step(Way.REPLY)),
        (make_row(), KEYED, False, False, Step(Way.PUSH)),
        (make_row(), PULL, True, False, Step(Way.REPLY)),
        (make_row(), PULL, False, False, Step(Way.WAIT)),
        # pushed, no answer
        (make_row(**DOUBT), KEYED, True, False, Step(Way.PUSH)),
        (make_row(**DOUBT), PUSH, False, False, Step(Way.GIVE_UP, reason="unknown")),
        (make_row(**DOUBT, **DANGEROUS), PUSH, False, False, Step(Way.PUSH, again=True)),
        # replied, no answer
        (make_row(**DOUBT, window_id=3), KEYED, False, True, Step(Way.ASK)),
        (make_row(**DOUBT, window_id=3), KEYED, True, False, Step(Way.GIVE_UP, reason="unknown")),
        (make_row(**DOUBT, **DANGEROUS, window_id=3), KEYED, False, False, Step(Way.PUSH, again=True)),
        (make_row(**DOUBT, **DANGEROUS, window_id=3), PULL, False, True, Step(Way.WAIT, again=True)),
        (make_row(**DOUBT, window_id=3), PULL, True, True, Step(Way.GIVE_UP, reason="unknown")),
    ],
)
def test_next_step(row: Row, table: Capabilities, has_window: bool, attempt_open: bool, step: Step) -> None:
    assert next_step(row, table, has_window=has_window, attempt_window_is_open=attempt_open) == step


@pytest.mark.parametrize(
    ("table", "is_danger", "policy"),
    [
        (PUSH, False, Delivery.AT_MOST_ONCE),
        (PUSH, True, Delivery.AT_LEAST_ONCE),
        (KEYED, False, Delivery.EXACTLY_ONCE),
        (PULL, True, Delivery.AT_LEAST_ONCE),
    ],
)
def test_the_declared_policy(table: Capabilities, is_danger: bool, policy: Delivery) -> None:
    assert table.delivery(is_danger) is policy


@pytest.mark.parametrize(("attempts", "danger", "asked", "seconds"), [(1, False, None, 1), (99, False, None, 30), (99, True, None, 5), (1, False, 600, 60)])
def test_patience(attempts: int, danger: bool, asked: float | None, seconds: float) -> None:
    assert patience_s(attempts, danger, asked) == seconds


def test_danger_never_waits_long() -> None:
    assert all(patience_s(n, True, 3600) <= DANGER_PATIENCE_S for n in range(1, 50))


def said(count: int) -> tuple[Outbound, ...]:
    return tuple(Outbound(f"{number}") for number in range(count))


class TestPacking:
    def test_whole_rows_go_together(self) -> None:
        load = pack([(make_row(1), said(2)), (make_row(2), said(3)), (make_row(3), said(1))], KEYED)
        assert [row.message_id for row in load.rows] == [1, 2]
        assert len(load.messages) == 5

    def test_a_long_row_goes_in_parts(self) -> None:
        first = pack([(make_row(), said(8))], KEYED)
        assert [message.text for message in first.messages] == list("01234")
        assert first.next_part == 5
        rest = pack([(make_row(parts_sent=5), said(8)), (make_row(2), said(2))], KEYED)
        assert [message.text for message in rest.messages] == ["5", "6", "7", "0", "1"]
        assert rest.next_part == 0

    def test_rows_in_doubt_go_with_their_own_parcel(self) -> None:
        one, other = uuid4(), uuid4()
        rows = [(make_row(n, in_doubt=True, parcel=parcel), said(1)) for n, parcel in ((1, one), (2, one), (3, other))]
        assert [row.message_id for row in pack([*rows, (make_row(4), said(1))], KEYED).rows] == [1, 2]

    def test_danger_goes_alone(self) -> None:
        rows = [(make_row(1), said(1)), (make_row(2, **DANGEROUS), said(1)), (make_row(3), said(1))]
        assert [row.message_id for row in pack(rows, KEYED).rows] == [1]
        assert [row.message_id for row in pack(rows[1:], KEYED).rows] == [2]

    def test_a_window_that_takes_few(self) -> None:
        load = pack([(make_row(), said(4))], KEYED, most=2)
        assert (len(load.messages), load.next_part) == (2, 2)

    @given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(1, 5))
    def test_every_part_goes_once_and_in_order(self, sizes: list[int], room: int) -> None:
        table = Capabilities(Limit(100), messages_per_send=room)
        rendered = {n: tuple(Outbound(f"{n}.{k}") for k in range(size)) for n, size in enumerate(sizes)}
        waiting = [make_row(n) for n in rendered]
        gone: list[str] = []
        while waiting:
            load = pack([(row, rendered[row.message_id]) for row in waiting], table)
            assert 0 < len(load.messages) <= room
            gone += [message.text for message in load.messages]
            if load.next_part:
                waiting[len(load.rows) - 1] = make_row(load.rows[-1].message_id, parts_sent=load.next_part)
                waiting = waiting[len(load.rows) - 1 :]
            else:
                waiting = waiting[len(load.rows) :]
        assert gone == [message.text for parts in rendered.values() for message in parts]


def test_quick_replies_of_all_lines_stand_on_the_last() -> None:
    place = Actions(3, Limit(20), frozenset(ActionKind))
    table = Capabilities(Limit(100), messages_per_send=5, quick_replies=place)

    def choice(text: str, value: str = "") -> Action:
        return Action(ActionKind.CHOICE, text, value, text)

    danger = choice("지금 위험해요", DANGER)
    first, last = gather_quick_replies(
        (Outbound("1", quick_replies=(choice("가"), danger)), Outbound("2", quick_replies=(choice("나"), choice("다"), danger))), table
    )
    assert first.quick_replies == ()
    assert len(last.quick_replies) == 3
    assert danger in last.quick_replies


COUNTED = Capabilities(Limit(20), messages_per_send=1, joins_messages=True)


def texts_of(*rows: tuple[Row, str]) -> list[str]:
    return [message.text for message in pack([(row, (Outbound(text),)) for row, text in rows], COUNTED).messages]


class TestWherePlatformsCountMessages:
    def test_lines_that_wait_together_go_as_one(self) -> None:
        assert texts_of((make_row(1), "하나"), (make_row(2), "둘")) == ["하나\n\n둘"]

    def test_what_does_not_fit_waits_for_the_next(self) -> None:
        assert texts_of((make_row(1), "가" * 10), (make_row(2), "나" * 9)) == ["가" * 10]

    def test_danger_goes_alone(self) -> None:
        assert texts_of((make_row(1, **DANGEROUS), "하나"), (make_row(2), "둘")) == ["하나"]

    def test_what_is_withheld_takes_nothing_with_it(self) -> None:
        assert texts_of((make_row(1), "하나"), (make_row(2, withheld=True), "둘")) == ["하나"]
        assert texts_of((make_row(1, withheld=True), "하나"), (make_row(2), "둘")) == ["하나"]

    def test_a_long_line_goes_in_parts(self) -> None:
        load = pack([(make_row(1), (Outbound("가" * 20), Outbound("나")))], COUNTED)
        assert ([message.text for message in load.messages], load.next_part) == (["가" * 20], 1)

    def test_buttons_keep_their_message(self) -> None:
        button = (Action(ActionKind.LINK, "열기", "https://x.kr"),)
        table = Capabilities(Limit(100), messages_per_send=5, joins_messages=True)
        load = pack([(make_row(1), (Outbound("하나"),)), (make_row(2), (Outbound("둘", actions=button),)), (make_row(3), (Outbound("셋"),))], table)
        assert [message.text for message in load.messages] == ["하나", "둘", "셋"]

    def test_elsewhere_every_line_is_a_message_of_its_own(self) -> None:
        load = pack([(make_row(1), (Outbound("하나"),)), (make_row(2), (Outbound("둘"),))], PULL)
        assert [message.text for message in load.messages] == ["하나", "둘"]
