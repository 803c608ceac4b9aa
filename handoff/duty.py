"""Calling a telephone outside this platform. Without a gateway nobody is called, and every desk says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import httpx

from core.db import Database
from core.logging import get
from core.settings import Settings
from handoff import ladder, ladder_repository, repository
from handoff.ladder import Rung, RungState
from handoff.repository import Row

log = get(__name__)
TIMEOUT_S = 10.0
#: Spoken by the gateway: no name, no place, nothing that was written.
SPOKEN = "길동무 영사 상담입니다. 생명 위험 상담 {case_id}번을 아무도 맡지 않았습니다. 상담 데스크에 접속해 주세요."


@dataclass(frozen=True)
class Call:
    """One call to place; the same ``key`` again is the same call."""

    key: str
    case_id: int
    rung: str
    number: str = field(repr=False)
    text: str


class DutyCall(Protocol):
    """Whoever can ring a telephone."""

    async def place(self, call: Call) -> bool:
        """Whether the call was taken on; an answer by a person is acknowledged at a desk, never assumed."""
        ...


class Gateway:
    """The operator's telephone gateway: one POST a call, any 2xx means that it will ring."""

    def __init__(self, url: str, token: str = "", client: httpx.AsyncClient | None = None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_S)

    async def place(self, call: Call) -> bool:
        """Ask the gateway to ring a number and to say a sentence."""
        try:
            answer = await self._client.post(
                self._url,
                json={"id": call.key, "to": call.number, "text": call.text, "language": "ko", "case_id": call.case_id, "rung": call.rung},
                headers=self._headers | {"Idempotency-Key": call.key},
            )
        except httpx.HTTPError as error:
            log.error("duty_gateway_unreachable", case_id=call.case_id, rung=call.rung, error=type(error).__name__)
            return False
        return answer.is_success


def gateway_of(settings: Settings) -> Gateway | None:
    """The configured gateway, or None."""
    if not settings.duty_call_url:
        return None
    return Gateway(settings.duty_call_url, settings.duty_call_token.get_secret_value() if settings.duty_call_token else "")


async def place_calls(db: Database, port: DutyCall) -> int:
    """Place every call that is due, each at least once; how many were tried. No transaction is open while a gateway thinks."""
    tried = 0
    while True:
        async with db.transaction() as tx:
            row = await ladder_repository.take_call(tx)
            number = await ladder.number_for(tx, Rung(row["rung"]), row["country"]) if row else None
        if row is None:
            return tried
        tried += 1
        # Of another country it is another call, which the gateway must not take for a repeat.
        of = f"-{row['country']}" if row["rung"] == Rung.MISSION_VOICE else ""
        key = f"case-{row['case_id']}-{row['wait']}-{row['rung']}{of}"
        call = Call(key, row["case_id"], row["rung"], number or "", SPOKEN.format(case_id=row["case_id"]))
        taken = bool(number) and await port.place(call)
        if taken or row["attempts"] >= ladder_repository.MAX_ATTEMPTS:
            await _finish(db, row, RungState.CALLED if taken else RungState.FAILED)


async def _finish(db: Database, row: Row, state: RungState) -> None:
    rung = Rung(row["rung"])
    async with db.transaction() as tx:
        case = await repository.case(tx, row["case_id"], lock=True)  # the case before its rung, as everywhere
        if case is None or not await ladder_repository.finish_call(tx, row["id"], state.value):
            return
        await ladder.tell(tx, case["id"], rung, state)
        if rung is Rung.MISSION_VOICE and case["country"] != row["country"]:  # corrected while the wrong mission was being rung
            await ladder.moved(tx, case)
