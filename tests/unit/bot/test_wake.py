"""News wakes one of those who wait, and is lost by none of the ways in which waiting may end."""

from __future__ import annotations

import asyncio

from bot.wake import Wake

LONG_S = 60.0


class Looker:
    """Waits, looks, and waits again; says by its name that it has looked."""

    def __init__(self, wake: Wake, name: str, looks: list[str]) -> None:
        self.wake, self.name, self.looks = wake, name, looks

    async def run(self) -> None:
        while True:
            await self.wake.wait(LONG_S)
            self.wake.clear()
            self.looks.append(self.name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def started(wake: Wake, names: str) -> tuple[list[str], list[asyncio.Task[None]]]:
    looks: list[str] = []
    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(Looker(wake, name, looks).run()))
        await settle()
    return looks, tasks


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_is_woken_and_it_is_the_one_that_has_worked_last() -> None:
    wake = Wake()
    looks, tasks = await started(wake, "abc")
    for _ in range(3):
        wake.set()
        await settle()
    assert looks == ["c", "c", "c"]
    await ended(tasks)


async def test_each_news_wakes_another_while_the_first_is_not_back() -> None:
    wake = Wake()
    looks, tasks = await started(wake, "abc")
    for _ in range(3):
        wake.set()
    await settle()
    assert sorted(looks) == ["a", "b", "c"]
    await ended(tasks)


async def test_what_came_while_nobody_waited_is_not_waited_for() -> None:
    wake = Wake()
    wake.set()
    async with asyncio.timeout(5):
        await wake.wait(LONG_S)
    wake.set()
    wake.clear()
    async with asyncio.timeout(5):
        await wake.wait(0.01)  # seen by the look that cleared it: now it is the time that ends it
    assert wake._waiting == []


async def test_one_that_is_woken_and_ended_at_once_leaves_it_to_another() -> None:
    wake = Wake()
    looks, tasks = await started(wake, "ab")
    wake.set()
    tasks[1].cancel()
    await settle()
    assert looks == ["a"]
    await ended(tasks)


async def test_one_that_is_woken_as_its_time_ends_looks_all_the_same() -> None:
    wake = Wake()
    waiting = asyncio.create_task(wake.wait(0.05))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.05, wake.set)
    async with asyncio.timeout(5):
        await waiting
    assert wake._waiting == []


async def test_who_has_ended_is_not_woken() -> None:
    wake = Wake()
    looks, tasks = await started(wake, "ab")
    tasks[1].cancel()
    await settle()
    wake.set()
    await settle()
    assert looks == ["a"]
    await ended(tasks)
