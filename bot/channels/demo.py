"""The program with a simulator beside it for every messenger, so that a person can chat through all of them on one machine without an account.

A new one is one line in :data:`SIMULATIONS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click
import httpx
import uvicorn

from bot.channels.simulation import Simulation

#: Where each simulator says how it is made: a module with a ``SIMULATION``.
SIMULATIONS = (
    "bot.channels.line.simulator",
    "bot.channels.sms.simulator",
    "bot.channels.kakao.simulator",
    "bot.channels.wechat.simulator",
    "bot.channels.wechat.mini_simulator",
)
READY_S = 300.0


class Beside(uvicorn.Server):
    """A server that leaves signals to whoever runs it: they are for all of us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


@dataclass(frozen=True)
class Running:
    """A simulator and where it can be reached."""

    simulation: Simulation
    url: str
    server: uvicorn.Server


def prepared(host: str, port: int) -> tuple[list[Running], dict[str, str]]:
    """A server for each simulator, on the ports after the program's, and what the program must be told about them."""
    program = f"http://{host}:{port}"
    running, environment = [], {"GILDONGMU_PUBLIC_URL": program}
    for number, module in enumerate(SIMULATIONS, 1):
        simulation: Simulation = import_module(module).SIMULATION
        url = f"http://{host}:{port + number}"
        config = uvicorn.Config(simulation.make(program), host=host, port=port + number, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
        running.append(Running(simulation, url, Beside(config)))
        environment |= simulation.environment(url)
    return running, environment


async def run(host: str, port: int, data_dir: Path) -> int:
    """Run everything until told to stop, or until the program ends; its exit code."""
    running, environment = prepared(host, port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    command = [str(Path(sys.executable).with_name("gildongmu")), "serve", "--host", host, "--port", str(port), "--data-dir", str(data_dir)]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment, start_new_session=True)
    servers = [asyncio.create_task(one.server.serve()) for one in running]
    ended = asyncio.create_task(process.wait())
    said = asyncio.create_task(_say_when_ready(running, f"http://{host}:{port}"))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.done():
        process.terminate()
    code = await ended
    for one in running:
        one.server.should_exit = True
    said.cancel()
    stopped.cancel()
    await asyncio.gather(*servers, said, stopped, return_exceptions=True)
    return 0 if stop.is_set() else code


async def _say_when_ready(running: list[Running], program: str) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        for _ in range(int(READY_S)):
            await asyncio.sleep(1)
            try:
                if (await client.get(f"{program}/readyz")).status_code == 200:
                    break
            except httpx.HTTPError:
                continue
    click.echo(f"demo: 웹 채팅 {program}/  ·  상담 데스크 {program}/desk")
    for one in running:
        click.echo(f"demo: {one.simulation.title} {one.url}/")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, help="The program's port; the simulators take the next ones.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
def main(host: str, port: int, data_dir: Path) -> None:
    """Start the program and a simulator of every messenger."""
    raise SystemExit(asyncio.run(run(host, port, data_dir)))


if __name__ == "__main__":
    main()
