"""The replay law (after Zulip's ``verify_action``) for what citizens and the machinery do: old desk + what it is told = fresh desk.

Together with the laws of what staff can do, every kind of event that the handoff ever tells has been seen: a new one without a law fails.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import handoff as package
from conversation import outbox
from conversation import service as conversation
from core import db as database
from core.clock import now
from core.settings import Settings
from handoff import code_word, duty, ladder, location
from handoff import service as handoff
from handoff.drills import service as drills
from handoff.fixes import checked_fix
from handoff.offers import ENDED
from handoff.phone import codes
from tests.integration.handoff.replaying import KH, NOTE, Law, Scene, holds, scene  # noqa: F401  (fixtures)
from tests.integration.handoff.test_replay_of_desk_actions import LAWS as OF_STAFF
from tests.integration.handoff.test_replay_of_desk_actions import joined, rang, routed, typed, words


def talk(s: Scene, name: str) -> str:
    return str(s.cases[name].conversation_id)


async def sweep(s: Scene, **later: float) -> Any:
    return await s.call(handoff.sweep, now() + timedelta(**later))


async def again(s: Scene, name: str, severity: str, **more: Any) -> None:
    await s.call(handoff.open_or_raise, s.cipher, talk(s, name), severity, "assault", "direct", **more)


async def linked(s: Scene) -> None:
    async def send(tx: Any) -> None:
        s.cases["token"] = await location.request_link(tx, talk(s, "mine"), s.id("mine"))

    await s.call(send)


async def consented(s: Scene) -> None:
    await linked(s)
    await s.call(location.consent, s.cases["token"], "device")


async def fix(s: Scene) -> None:
    await s.call(location.record_fix, s.cipher, s.cases["token"], "device", checked_fix(11.55, 104.92, 15.0, now=datetime.now(UTC)))


async def merge(s: Scene) -> None:
    await s.call(handoff.merge, s.id("chat"), s.id("mine"), s.people["agent"])


async def elsewhere(s: Scene) -> None:
    async def send(tx: Any) -> None:
        s.cases["token"] = await location.request_link(tx, talk(s, "chat"), s.id("chat"))
        await location.consent(tx, s.cases["token"], "device")

    await s.call(send)


async def known_elsewhere(s: Scene) -> None:
    await elsewhere(s)
    await fix(s)


async def merged_with_link(s: Scene) -> None:
    await elsewhere(s)
    await merge(s)


async def flood(s: Scene) -> None:
    for _ in range(6):
        number, _token = await s.call(conversation.start, "webchat")
        await s.call(handoff.open_or_raise, s.cipher, number, "life_threat", "natural_disaster", "direct", country="TR")
    assert len((await sweep(s, seconds=0)).grouped) == 6


async def coded(s: Scene) -> None:
    await rang(s)
    digits, _ = await s.agent.phone.issue(s.id("call"))
    s.cases["digits"] = digits.digits


async def called(s: Scene) -> None:
    chosen = Settings(duty_call_url="http://gateway.test/calls", duty_phone="+82-2-000-0000")
    before, ladder.settings = ladder.settings, lambda: chosen
    try:
        await sweep(s, seconds=61)
        port = duty.Gateway("http://gateway.test/calls", "secret", httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))))
        assert await duty.place_calls(s.db, port) == 1
    finally:
        ladder.settings = before


async def goes_away(s: Scene) -> None:
    await s.call(handoff.set_presence, s.people["other"], "away")
    await sweep(s, seconds=2)


async def snoozed(s: Scene) -> None:
    await s.call(database.run, "UPDATE agent_presence SET last_seen_at = now() + interval '10 minutes'")  # the desks are there when it is due
    await s.call(handoff.snooze, s.id("chat"), s.people["agent"], now() + timedelta(minutes=5))


async def put_aside_and_danger(s: Scene) -> None:
    await again(s, "chat", "life_threat")


async def calm(s: Scene) -> None:
    """Without a real life threat, else there is no drill."""
    await s.call(database.run, "UPDATE cases SET status = 'closed', outcome = 'resolved', closed_at = now(), offered_to = NULL WHERE severity = 'life_threat'")


async def drill(s: Scene) -> None:
    """At the moment of its alarm."""
    number, _ = await s.call(conversation.start, "webchat", synthetic=True)
    case = await s.call(handoff.open_or_raise, s.cipher, number, "life_threat", "other", "direct", synthetic=True)
    asked = await s.call(drills.request, "webchat", "boss")
    await s.call(drills._alarm, replace(asked, case_id=case.id))


async def written_to_a_messenger(s: Scene) -> None:
    await s.call(database.run, "UPDATE conversations SET channel = 'line', visitor = 'somebody' WHERE id = %s", talk(s, "mine"))
    await s.agent.reply(s.id("mine"), "지금 어디 계십니까?", "one")


async def not_delivered(s: Scene) -> None:
    row = await s.call(
        database.one, "UPDATE outbox SET state = 'sending', claimed_by = 'test' WHERE conversation_id = %s RETURNING message_id", talk(s, "mine")
    )
    seqs = await s.call(outbox.bury, talk(s, "mine"), "test", [row["message_id"]], "blocked")
    assert seqs
    await s.call(handoff.tell_undelivered, talk(s, "mine"), seqs, "blocked")


async def placed(s: Scene) -> None:
    assert await s.call(location.record_message_fix, s.cipher, talk(s, "over"), {"lat": 11.55, "lon": 104.92, "accuracy_m": 20}) is not None


LAWS: dict[str, Law] = {
    "danger in a calm conversation opens a case": Law(lambda s: again(s, "over", "urgent"), {"opened"}),
    "danger after a place opens a case with it": Law(lambda s: again(s, "over", "urgent"), {"opened"}, before=placed),
    "danger raises the case": Law(lambda s: again(s, "chat", "life_threat", country="JP"), {"raised"}, case="chat"),
    "a country named afterwards": Law(lambda s: s.call(handoff.note_country, talk(s, "waiting"), "LA", is_sure=True), {"country"}, case="waiting"),
    "the same danger again": Law(lambda s: again(s, "waiting", "urgent"), {"repeated"}, case="waiting"),
    "a doubt": Law(lambda s: s.call(handoff.note_doubt, talk(s, "mine"), 0.4), {"doubt"}),
    "the citizen writes": Law(words, {"message"}),
    "the citizen cannot speak": Law(lambda s: s.call(handoff.note_cannot_speak, talk(s, "mine")), {"cannot_speak"}),
    "the citizen says the agreed word": Law(lambda s: s.call(code_word.citizen_says, talk(s, "mine")), {"code_word"}),
    "the citizen closes the chat": Law(lambda s: s.call(conversation.close, talk(s, "mine")), {"closed"}),
    "the citizen agrees to be found": Law(lambda s: s.call(location.consent, s.cases["token"], "device"), {"place_consent"}, before=linked),
    "a place": Law(fix, {"place"}, before=consented),
    "a case whose place is known is merged into it": Law(merge, {"merged"}, before=known_elsewhere),
    "a place of what was merged into it": Law(fix, {"place"}, before=merged_with_link),
    "a place in words": Law(typed, {"place"}),
    "the citizen stops": Law(lambda s: s.call(location.stop, s.cases["token"], "device"), {"place_stopped"}, before=consented),
    "a caller enters the digits": Law(lambda s: s.call(codes.redeem, s.cipher, s.cases["digits"], "192.0.2.7"), {"code_used"}, case="call", before=coded),
    "a line did not arrive": Law(not_delivered, {"undelivered"}, before=written_to_a_messenger),
    "a link did not reach the caller": Law(lambda s: s.call(handoff.tell_lost_link, talk(s, "mine"), "3018"), {"link_lost"}),
    "offers": Law(lambda s: sweep(s, seconds=1), {"offered"}, case="waiting"),
    "offers expire": Law(lambda s: sweep(s, seconds=40), {"offer_expired"}, case="waiting", before=lambda s: sweep(s, seconds=1)),
    "an offer is withdrawn": Law(goes_away, {"offer_withdrawn"}, "chief", "waiting", before=lambda s: only(s, "other")),
    "every desk is rung": Law(lambda s: sweep(s, seconds=40), {"ring_all"}, case="waiting", before=lambda s: only(s)),
    "the ladder climbs": Law(lambda s: sweep(s, seconds=125), {"escalated"}, case="waiting"),
    "a telephone is rung": Law(called, {"escalated"}, case="waiting"),
    "an emergency in somebody's hands waits": Law(
        lambda s: s.call(handoff.call_for_unattended, s.cipher, now() + timedelta(minutes=6)), {"unattended"}, before=words
    ),
    "desks fall silent": Law(lambda s: sweep(s, minutes=5), {"returned"}, "chief"),
    "a flood is grouped": Law(flood, {"opened", "grouped"}),
    "what was put aside is due": Law(lambda s: sweep(s, minutes=6), {"woken"}, "chief", "chat", before=snoozed),
    "danger in what was put aside": Law(put_aside_and_danger, {"raised"}, case="chat", before=snoozed),
    "a case finds its missions": Law(routed, {"missions"}),
    "a drill that nobody takes": Law(drill, {"drill_unclaimed"}, before=calm),
    # What services do that no button of a page says in these words.
    "the second person accepts": Law(lambda s: s.call(handoff.accept, s.id("asked"), s.people["other"]), {"accepted"}, "other", "asked"),
    "the end of an emergency is asked for": Law(lambda s: s.agent.close(s.id("mine"), "resolved", "본인과 통화함"), {"closing"}),
    "an officer loses the seat": Law(lambda s: s.team.officers.unseat(s.who("officer")), {"officer_left"}, before=joined),
    "a note": Law(lambda s: s.agent.moves.note(s.id("mine"), NOTE), {"note"}),
}


async def only(s: Scene, *names: str) -> None:
    """Only these are there to be offered anything, and somebody has been; with nobody, every desk has still to be rung."""
    await s.call(database.run, "UPDATE agent_presence SET state = 'away' WHERE NOT staff_id = ANY(%s)", [s.who(name) for name in names])
    if names:
        await sweep(s, seconds=1)


def told_in_the_code() -> set[str]:
    """Every kind of event that stands in the code of the handoff as told of a case."""
    kinds = set(ENDED.values())
    for path in Path(package.__file__).parent.rglob("*.py"):
        if "incidents" in path.parts:  # a stream of their own, with a law of their own in ``test_incidents``
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            place = {"announce": 1, "append": 2, "_tell": 2}.get(name)
            if place is None or len(call.args) <= place or "tx" not in ast.unparse(call.args[0]):
                continue
            if name == "append" and "case_stream" not in ast.unparse(call.args[1]):  # told on a stream of something else, as telephone calls are
                continue
            kind = call.args[place]
            parts = [kind.body, kind.orelse] if isinstance(kind, ast.IfExp) else [kind]
            kinds |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return kinds


def test_every_kind_of_event_has_a_law():
    found = told_in_the_code()
    assert len(found) > 40
    assert found <= {kind for law in (*LAWS.values(), *OF_STAFF.values()) for kind in law.told}


@pytest.mark.parametrize("name", LAWS)
async def test_old_desk_and_what_it_is_told_are_the_fresh_desk(scene, name):  # noqa: F811
    await holds(scene, LAWS[name])
