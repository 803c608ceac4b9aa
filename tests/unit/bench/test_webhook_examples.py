"""The examples that `bench channels` sends are what the platforms' rules let in, and the wrong ones are not."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from bench.channels import Run
from bench.webhooks import EXAMPLES, Hook
from bot.channels.guard import MAX_BODY_BYTES
from bot.channels.line.parsing import happenings
from bot.channels.line.signature import is_signed
from core.clock import now


def line_takes(hook: Hook) -> bool:
    secret = EXAMPLES["line"].environment("http://x")["GILDONGMU_LINE_CHANNEL_SECRET"]
    if len(hook.body) > MAX_BODY_BYTES or not is_signed(secret, hook.body, hook.headers.get("x-line-signature", "")):
        return False
    try:
        return bool(happenings(orjson.loads(hook.body), now()))
    except orjson.JSONDecodeError:
        return False


def test_the_right_one_of_line_is_taken() -> None:
    assert line_takes(EXAMPLES["line"].make(7))


@pytest.mark.parametrize("kind", [*EXAMPLES["line"].told, *EXAMPLES["line"].silent])
def test_the_wrong_ones_of_line_are_not(kind: str) -> None:
    example = EXAMPLES["line"]
    assert not line_takes((example.told | example.silent)[kind](example.make(7)))


@pytest.mark.parametrize("kind", EXAMPLES["kakao"].told)
def test_a_wrong_one_of_kakao_differs_from_the_right_one(kind: str) -> None:
    example = EXAMPLES["kakao"]
    right = example.make(7)
    assert example.told[kind](right) != right


@pytest.mark.parametrize(
    ("stored", "wrong", "has_leaked"),
    [
        (2, {("forged", True): 3}, False),
        (3, {("forged", True): 3}, True),
        (1, {}, True),
        (2, {("forged", True): 3, ("stale", False): 1}, True),
    ],
)
def test_what_counts_as_leaked(stored: int, wrong: dict[tuple[str, bool], int], has_leaked: bool) -> None:
    run = Run(times=[1.0, 2.0], statuses=Counter({200: 2}), stored=stored)
    run.wrong.update(wrong)
    assert run.has_leaked is has_leaked
