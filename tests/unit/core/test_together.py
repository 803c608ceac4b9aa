"""Many questions of one kind in one statement: who gets which answer, who comes with whom, and what a fault costs whom."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from core.errors import DatabaseUnavailable
from core.together import Together


class Table:
    """Answers each number with its double, knows nothing of odd ones, and remembers what was asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def ask(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        await self.gate.wait()
        if self.away:
            raise DatabaseUnavailable("away")
        return {key: 2 * key for key in keys if key % 2 == 0}


async def test_each_gets_its_own() -> None:
    together = Together(Table().ask)
    assert await asyncio.gather(*(together.get(key) for key in (2, 3, 4, 2))) == [4, None, 8, 4]


async def test_who_comes_while_others_are_asked_for_goes_with_the_next() -> None:
    table = Table()
    table.gate.clear()
    together = Together(table.ask)
    first = asyncio.create_task(together.get(0))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(together.get(key)) for key in (2, 4, 6)]
    await asyncio.sleep(0.01)
    table.gate.set()
    assert await asyncio.gather(first, *others) == [0, 4, 8, 12]
    assert table.asked == [[0], [2, 4, 6]]


async def test_a_statement_has_an_end() -> None:
    table = Table()
    together = Together(table.ask, most=3)
    await asyncio.gather(*(together.get(key) for key in range(7)))
    assert [len(keys) for keys in table.asked] == [3, 3, 1]


async def test_a_fault_is_theirs_who_asked_and_nobody_elses() -> None:
    table = Table()
    table.away = True
    together = Together(table.ask)
    for found in await asyncio.gather(together.get(2), together.get(4), return_exceptions=True):
        assert isinstance(found, DatabaseUnavailable)
    table.away = False
    assert await together.get(2) == 4


async def test_who_goes_is_not_asked_for() -> None:
    table = Table()
    table.gate.clear()
    together = Together(table.ask)
    first = asyncio.create_task(together.get(0))
    await asyncio.sleep(0.01)
    gone, stays = asyncio.create_task(together.get(2)), asyncio.create_task(together.get(4))
    await asyncio.sleep(0.01)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    table.gate.set()
    assert (await first, await stays) == (0, 8)
    assert table.asked == [[0], [4]]
