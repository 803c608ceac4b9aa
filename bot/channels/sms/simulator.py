"""A telephone company: an SMPP centre that takes texts, puts long ones together as telephones do, returns receipts, and brings what people write.

Needs ``smpp34``, which is installed for development only.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import smpp34
from fastapi import FastAPI
from smpplib import consts

from bot.channels.simulation import Shown, Simulation, Telephones, add_page
from bot.channels.sms.alphabets import parts
from bot.channels.sms.smpp import _CODING, _HAS_HEADER, words_of
from core.ports import free_port

AGAIN_S = (0.2, 1.0, 3.0, 10.0, 30.0)


class Centre:
    """The centre and its telephones, by number in digits.

    ``state``: ``up``, ``throttles`` or ``down`` (neither takes anything now), ``refuses``, ``undeliverable`` (taken, and a failure later).
    """

    def __init__(self, port: int, ours: str = "82232100404", again_s: tuple[float, ...] = AGAIN_S) -> None:
        self.port = port
        self.ours = ours
        self.telephones = Telephones()
        self.state = "up"
        self.taken: list[smpp34.SubmitSmEvent] = []
        self.statuses: list[int] = []
        self.bound = asyncio.Event()
        self._again_s = again_s
        self._lines: dict[str, smpp34.Esme] = {}
        self._numbers = itertools.count(1)
        self._parts: dict[tuple[str, int], dict[int, bytes]] = {}
        self._server: smpp34.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen on the port."""
        self._server = smpp34.Server(host="127.0.0.1", port=self.port, system_id="centre")
        await self._server.start()
        self._spawn(self._serve(self._server))

    async def stop(self) -> None:
        """Hang up."""
        for line in list(self._lines.values()):
            with contextlib.suppress(smpp34.SmppError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await line.unbind()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()
        self._lines.clear()
        self.bound.clear()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._lines[event.session_id] = event
                self.bound.set()
            elif isinstance(event, smpp34.Unbound):
                self._lines.pop(event.session_id, None)
                if not self._lines:
                    self.bound.clear()
            else:
                self._submitted(event)

    def _submitted(self, event: smpp34.SubmitSmEvent) -> None:
        if self.state in ("down", "throttles"):
            event.reject(consts.SMPP_ESME_RTHROTTLED)
        elif self.state == "refuses":
            event.reject(consts.SMPP_ESME_RINVDSTADR)
        else:
            self.taken.append(event)
            number = f"m{next(self._numbers)}"
            event.accept(message_id=number)
            if self.state == "up":
                self._show(event)
            if event.registered_delivery & 1:
                self._spawn(self._receipt(event, number, "DELIVRD" if self.state == "up" else "UNDELIV"))

    def _show(self, event: smpp34.SubmitSmEvent) -> None:
        octets = event.short_message
        if event.esm_class & _HAS_HEADER:
            reference, total, place = octets[3], octets[4], octets[5]
            waiting = self._parts.setdefault((event.destination_addr, reference), {})
            waiting[place] = octets[6:]
            if len(waiting) < total:
                return
            octets = b"".join(waiting[one] for one in sorted(waiting))
            del self._parts[event.destination_addr, reference]
        self.telephones.show(event.destination_addr, Shown("us", words_of(octets, event.data_coding)))

    async def _receipt(self, event: smpp34.SubmitSmEvent, number: str, state: str) -> None:
        body = f"id:{number} sub:001 dlvrd:001 submit date:2611220000 done date:2611220000 stat:{state} err:{'000' if state == 'DELIVRD' else '011'} text:"
        await self.brings(source_addr=event.destination_addr, destination_addr=event.source_addr, short_message=body.encode(), esm_class=0x04)

    async def says(self, number: str, text: str) -> None:
        """Somebody writes; a long text comes in parts."""
        self.telephones.show(number, Shown("person", text))
        await self._bring_words(number, text)

    async def _bring_words(self, number: str, text: str) -> None:
        messages, alphabet = parts(text, secrets.randbelow(256))
        for octets in messages:
            await self.brings(
                source_addr=number,
                source_addr_ton=1,
                destination_addr=self.ours,
                short_message=octets,
                data_coding=_CODING[alphabet],
                esm_class=_HAS_HEADER if len(messages) > 1 else 0,
            )

    async def shares_place(self, number: str, lat: float, lon: float) -> None:
        """The telephone tells where it is by itself, by Advanced Mobile Location; its owner sees nothing of it."""
        at = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        self.telephones.show(number, Shown("person", f"(휴대전화가 스스로 보낸 위치) {lat}, {lon}"))
        await self._bring_words(number, f'A"ML=1;lt={lat:+.5f};lg={lon:+.5f};rd=14;top={at};lc=90;pm=G;si=450081234567890;ml=120')

    async def brings(self, **fields: Any) -> int:
        """Bring something to the program, again until it takes it; the last status."""
        status = -1
        for pause in (*self._again_s, 0.0):
            line = next(iter(self._lines.values()), None)
            if line is not None:
                with contextlib.suppress(smpp34.SmppError):
                    status = (await line.deliver_sm(**fields)).command_status
                    self.statuses.append(status)
                    if status == consts.SMPP_ESME_ROK:
                        return status
            await asyncio.sleep(pause)
        return status

    def app(self) -> FastAPI:
        """The page on which one can be a person with a telephone."""

        @contextlib.asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            await self.start()
            try:
                yield
            finally:
                await self.stop()

        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
        add_page(app, "문자", _OfPeople(self.telephones), self.does, self)
        return app

    async def does(self, person: str, what: dict[str, Any]) -> None:
        """Something that a person does on the telephone: one can only write, and the telephone tell its place."""
        number = number_of(person)
        if text := what.get("text"):
            await self.says(number, str(text))
        elif place := what.get("location"):
            await self.shares_place(number, float(place["lat"]), float(place["lon"]))
        elif what.get("file"):
            self.telephones.show(number, Shown("us", "(문자로는 사진과 파일을 보낼 수 없습니다.)"))


class _OfPeople(Telephones):
    """The page names people by any word; their telephones have numbers."""

    def __init__(self, telephones: Telephones) -> None:
        super().__init__(_Numbered(telephones.shown), telephones.blocked)


class _Numbered(dict[str, list[Shown]]):
    def __init__(self, shown: dict[str, list[Shown]]) -> None:
        super().__init__()
        self._shown = shown

    def get(self, person: str, default: Any = None) -> Any:
        return self._shown.get(number_of(person), default)


def number_of(person: str) -> str:
    """The number of a person's telephone, in digits; one that is given as digits is its own."""
    if person.isascii() and person.isdigit():
        return person
    return f"8210{int(hashlib.sha256(person.encode()).hexdigest(), 16) % 10**8:08d}"


#: Of one run of a demo.
_PORT, _PASSWORD = free_port(), secrets.token_hex(4)
SIMULATION = Simulation(
    "문자",
    lambda program: Centre(_PORT).app(),
    lambda url: {
        "GILDONGMU_SMS_CARRIER": "smpp",
        "GILDONGMU_SMS_SENDER": "+82232100404",
        "GILDONGMU_SMPP_URL": f"smpp://demo@127.0.0.1:{_PORT}",
        "GILDONGMU_SMPP_PASSWORD": _PASSWORD,
    },
)
