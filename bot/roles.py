"""The long-running roles: each opens its services, says READY on the supervisor's pipe, and runs until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn

from accounts import service as accounts
from bot.app import build_action_app, build_app, build_services, load_models
from bot.dialogue.process import DialogueProcess
from bot.sandbox_wall import cut_off
from bot.server import Server, WholeResponses
from bot.services import Services
from bot.supervisor import reachable
from bot.worker import Worker, start_dialogue
from core import logging
from core.errors import DatabaseUnavailable
from core.process import die_with_parent
from core.settings import Settings
from language.redaction import redact

log = logging.get(__name__)
#: The action route's token, shared by web and worker; the supervisor makes one for both.
ACTION_TOKEN = "GILDONGMU_ACTION_TOKEN"  # noqa: S105  (a variable's name, not a token)
ACTION_URL = "GILDONGMU_ACTION_URL"
READY_FD = "GILDONGMU_READY_FD"
#: The supervisor waits less; a thread must not wait for ever.
DIALOGUE_PATIENCE_S = 120.0
#: How long the analyser's thread may keep the interpreter from the event loop, and the other way round; Python's own 5 ms is a third of a turn.
SWITCH_S = 0.001


def announce(word: str) -> None:
    """Tell the supervisor how far we are, if one listens."""
    with contextlib.suppress(OSError, ValueError):
        os.write(int(os.environ[READY_FD]), f"{word}\n".encode()) if READY_FD in os.environ else None


def run_web(settings: Settings) -> None:
    """The web process."""
    _run(_web(settings, citizen_pages=True), settings)


def run_desk(settings: Settings) -> None:
    """The staff pages alone."""
    _run(_web(settings, citizen_pages=False), settings)


def run_worker(settings: Settings) -> None:
    """The worker process."""
    _run(_worker(settings), settings)


def _run(main: Coroutine[Any, Any, None], settings: Settings) -> None:
    die_with_parent()
    sys.setswitchinterval(SWITCH_S)
    logging.configure(scrub=redact)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        if settings.sandbox:
            cut_off(reachable(settings.host))
            asyncio.run(main)  # uvloop would connect unseen
        else:
            uvloop_run(main)


def uvloop_run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop."""
    import uvloop

    uvloop.run(main)


async def _web(settings: Settings, *, citizen_pages: bool) -> None:
    services = await build_services(settings)
    token = os.environ.get(ACTION_TOKEN, "")
    app = build_app(services, action_token=token, citizen_pages=citizen_pages)
    server = Server(
        uvicorn.Config(
            app,
            http=WholeResponses,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            log_config=None,  # its lines go through our handler, which scrubs them
            access_log=False,  # an access line carries tokens and addresses; metrics count instead
            ssl_certfile=str(settings.tls_cert) if settings.tls_cert else None,
            ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or "127.0.0.1",
            timeout_graceful_shutdown=3,
            limit_concurrency=None,
            server_header=False,
        ),
        services.hub.dismiss,
    )
    loading = asyncio.create_task(_load(services), name="load-models")
    internal = asyncio.create_task(_internal(services, token), name="internal-actions") if settings.tls_cert and citizen_pages else None
    try:
        # The port opens before the models are loaded: the danger button needs none of them.
        await server.serve()
    finally:
        background = [task for task in (loading, internal) if task is not None]
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await _close(services)


async def _internal(services: Services, token: str) -> None:
    """The action route once more, in plain http on the loopback: Rasa would refuse a certificate that no authority has signed."""
    address = urlsplit(os.environ.get(ACTION_URL, ""))
    if address.scheme == "http" and address.hostname and address.port:
        app = build_action_app(services, token)
        config = uvicorn.Config(app, host=address.hostname, port=address.port, log_level="warning", log_config=None, access_log=False, server_header=False)
        await uvicorn.Server(config).serve()


async def _load(services: Services) -> None:
    """Load in the background: meanwhile the page is served, and with the database away it says which number to call."""
    try:
        await _patiently(partial(load_models, services))
        await _patiently(partial(_first_run, services))
    except Exception as error:  # a process that cannot load is restarted, and says why
        log.error("load_failed", error=type(error).__name__, exc_info=error)
        os._exit(3)
    announce("READY")


async def _patiently(begin: Callable[[], Awaitable[None]]) -> None:
    """What a start needs of the database, waiting for it if it is away: a process that ended instead could not even say which number to call."""
    has_said_so = False
    while True:
        try:
            return await begin()
        except DatabaseUnavailable as error:
            if not has_said_so:
                has_said_so = True
                log.warning("waiting_for_database", reason=str(error))
            await asyncio.sleep(0.5)


async def _first_run(services: Services) -> None:
    """While there is no staff account, print a one-time link to make the first: there is no default password."""
    async with services.db.transaction() as tx:
        token = await accounts.first_run_link(tx)
    if token is not None:
        settings = services.settings
        base = settings.public_url or f"{'https' if settings.tls_cert else 'http'}://{settings.host}:{settings.port}"
        click.echo(f"gildongmu: first start: make the first staff account at {base}/staff/invite/{token}", err=True)


async def _worker(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    services = await build_services(settings)
    action_url = os.environ.get(ACTION_URL) or f"http://127.0.0.1:{settings.port}/rasa/actions"
    dialogue = await start_dialogue(services, action_url, os.environ.get(ACTION_TOKEN, ""))
    stopped = asyncio.create_task(stop.wait())
    loading = asyncio.create_task(_patiently(partial(load_models, services)), name="load-models")
    try:
        await asyncio.wait({loading, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            return
        loading.result()
        worker = Worker(services, dialogue)
        work = asyncio.create_task(worker.run(), name="worker")
        announce("READY")
        asyncio.create_task(_announce_dialogue(dialogue), name="dialogue-ready")  # noqa: RUF006  (the loop ends with the process)
        done, _ = await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if work in done:
            work.result()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    finally:
        if dialogue is not None:
            dialogue.stop()
        await _close(services)


async def _announce_dialogue(dialogue: DialogueProcess | None) -> None:
    if dialogue is not None:
        await asyncio.to_thread(dialogue.wait_ready, DIALOGUE_PATIENCE_S)
    announce("DIALOGUE")


async def _close(services: Services) -> None:
    await services.hub.stop()
    if services.understanding is not None:
        services.understanding.close()
    await services.db.close()
