"""One line to a carrier's SMPP 3.4 centre: bound as transceiver, kept alive, and bound again when it breaks.

``smpplib`` reads and writes the PDUs; its own client blocks and acknowledges by itself, while an incoming text may be acknowledged only once it
is stored. Incoming texts are handled one after the other, so that their order is kept, while answers to ours are read on.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from smpplib import consts, smpp
from smpplib.exceptions import PDUError, UnknownCommandError

from core.logging import get

log = get(__name__)
OK = consts.SMPP_ESME_ROK
#: The carrier keeps the text and brings it again.
AGAIN = consts.SMPP_ESME_RMSGQFUL
CONNECT_S = 5.0
ANSWER_S = 6.0
ALIVE_S = 30.0
MAX_PDU = 64 * 1024
WAITING = 100
Received = Callable[[Any], Awaitable[int]]


@dataclass(frozen=True)
class Address:
    """Where a carrier's centre is and who we are there."""

    host: str
    port: int
    is_tls: bool
    system_id: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str, password: str) -> Address:
        """From ``smpp://system-id@host:port`` or ``smpps://…``.

        Raises:
            ValueError: it is neither.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("smpp", "smpps") or not parts.hostname or not parts.username:
            raise ValueError("an SMPP address is smpp://system-id@host:port")
        is_tls = parts.scheme == "smpps"
        return cls(parts.hostname, parts.port or (3550 if is_tls else 2775), is_tls, unquote(parts.username), password)


class NotBound(Exception):
    """There is no line to the carrier now; nothing has gone out."""


class Session:
    """The line. ``run`` holds it up until cancelled; ``ask`` sends a PDU over it and waits for its answer."""

    def __init__(self, address: Address, received: Received) -> None:
        self._address = address
        self._received = received
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._incoming: asyncio.Queue[Any] = asyncio.Queue(WAITING)
        self.bound = asyncio.Event()
        self.stood = False

    # What smpplib asks of a client when it makes a PDU.
    sequence = 0

    def next_sequence(self) -> int:
        """The number of the next PDU of ours."""
        return next(self._numbers) & 0x7FFFFFFF or next(self._numbers)

    async def run(self) -> None:
        """One connection, from bind to its end.

        Raises:
            OSError: it could not be made, or broke.
            PDUError: the carrier refused us.
        """
        context = ssl.create_default_context() if self._address.is_tls else None
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(self._address.host, self._address.port, ssl=context)
        self._writer = writer
        tasks = [asyncio.create_task(self._read(reader))]
        try:
            await self._bind()
            self.bound.set()
            self.stood = True
            log.info("smpp_bound")
            tasks += [asyncio.create_task(self._handle()), asyncio.create_task(self._keep_alive())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.bound.clear()
            self._writer = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for future in self._waiting.values():
                future.cancel()
            self._waiting.clear()
            self._incoming = asyncio.Queue(WAITING)  # what was not acknowledged, the carrier brings again
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    def pdu(self, command: str, **fields: Any) -> Any:
        """A PDU of ours."""
        return smpp.make_pdu(command, client=self, **fields)

    async def ask(self, pdu: Any) -> Any:
        """Send and wait for the answer.

        Raises:
            NotBound: there is no line; nothing went out.
            TimeoutError: no answer came; nobody knows what the carrier did.
        """
        if not self.bound.is_set():
            raise NotBound
        return await self._ask(pdu)

    async def unbind(self) -> None:
        """Say good-bye, so that the carrier holds back what it has for us."""
        if self.bound.is_set():
            with contextlib.suppress(OSError, TimeoutError, NotBound):
                async with asyncio.timeout(2.0):
                    await self._ask(self.pdu("unbind"))

    async def _ask(self, pdu: Any) -> Any:
        future = self._waiting[pdu.sequence] = asyncio.get_running_loop().create_future()
        try:
            await self._write(pdu)
            async with asyncio.timeout(ANSWER_S):
                return await future
        except asyncio.CancelledError:
            if future.cancelled():  # the line broke while we waited
                raise TimeoutError from None
            raise
        finally:
            self._waiting.pop(pdu.sequence, None)

    async def _bind(self) -> None:
        answer = await self._ask(
            self.pdu("bind_transceiver", system_id=self._address.system_id, password=self._address.password, system_type="", interface_version=0x34)
        )
        if answer.is_error():
            raise PDUError(f"bind refused: {answer.status}", answer.status)

    async def _write(self, pdu: Any) -> None:
        if self._writer is None:
            raise NotBound
        self._writer.write(pdu.generate())
        await self._writer.drain()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            head = await reader.readexactly(4)
            (length,) = struct.unpack(">I", head)
            if not 16 <= length <= MAX_PDU:
                raise ConnectionError("broken PDU")
            raw = head + await reader.readexactly(length - 4)
            try:
                pdu = smpp.parse_pdu(raw, client=self, allow_unknown_opt_params=True)
            except (UnknownCommandError, PDUError, struct.error, KeyError, ValueError, IndexError, TypeError) as error:
                await self._not_understood(raw, error)
                continue
            await self._take(pdu)

    async def _not_understood(self, raw: bytes, error: Exception) -> None:
        """Answered, so that the carrier does not wait; a text that cannot be read is told, not passed over in silence."""
        log.error("smpp_not_understood", error=type(error).__name__, command=raw[4:8].hex(), size=len(raw))
        answer = self.pdu("generic_nack", status=consts.SMPP_ESME_RSYSERR)
        answer.sequence = struct.unpack(">I", raw[12:16])[0]
        await self._write(answer)

    async def _take(self, pdu: Any) -> None:
        if pdu.command == "deliver_sm":
            if self._incoming.full():
                await self._acknowledge(pdu, AGAIN)
            else:
                self._incoming.put_nowait(pdu)
        elif pdu.command in ("enquire_link", "unbind"):
            answer = self.pdu(f"{pdu.command}_resp")
            answer.sequence = pdu.sequence
            await self._write(answer)
            if pdu.command == "unbind":
                raise ConnectionError("the carrier ended the session")
        else:
            future = self._waiting.get(pdu.sequence)
            if future is not None and not future.done():
                future.set_result(pdu)

    async def _handle(self) -> None:
        while True:
            pdu = await self._incoming.get()
            await self._acknowledge(pdu, await self._received(pdu))

    async def _acknowledge(self, pdu: Any, status: int) -> None:
        answer = self.pdu("deliver_sm_resp", status=status)
        answer.sequence = pdu.sequence
        await self._write(answer)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_S)
            await self._ask(self.pdu("enquire_link"))
