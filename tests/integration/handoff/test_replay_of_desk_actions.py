"""The replay law for everything that staff can do: old desk + what it is told = fresh desk.

What can be done is read from the code: a new action without a law fails.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import handoff as package
from conversation import service as conversation
from conversation.schemas import Inbound, InboundKind
from core import db as database
from core.clock import now
from core.errors import AppError
from core.settings import Settings
from handoff import location
from handoff import service as handoff
from handoff.desk import phone_actions
from handoff.desk.access_actions import AccessActions
from handoff.desk.review_actions import ReviewActions
from handoff.desk.when import SEOUL
from handoff.exports import Form
from handoff.fixes import checked_fix
from handoff.geocoding import candidates
from handoff.jurisdiction.records import Competence, Confidence, Kind
from handoff.officers.routing import route_open
from handoff.phone import texting
from handoff.phone.schemas import Caller
from handoff.records.consent_service import Guardian
from handoff.reviews import sampling
from handoff.reviews.schemas import Label
from tests.integration.handoff.replaying import KH, NOTE, UNSHOWN, Law, Scene, SignedIn, holds, scene  # noqa: F401  (fixtures)

DANGER = Label.of("life_threat", "confinement")
REASON = "동료의 가족이 관련된 상담"
HARMLESS = Label.of("none", "other")


def can_be_done() -> set[str]:
    """Every public coroutine of every ``…Actions`` class of the handoff: what a page can ask for."""
    found = set()
    for module in pkgutil.walk_packages(package.__path__, "handoff."):
        if "actions" in module.name:
            for name, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if name.endswith("Actions") and cls.__module__ == module.name:
                    found |= {f"{name}.{one}" for one, method in vars(cls).items() if inspect.iscoroutinefunction(method) and not one.startswith("_")}
    return found


# -- what some laws need before anybody sits down ---------------------------------------------------------------------------------


async def child_speaks(s: Scene) -> None:
    await s.agent.moves.consents.child(s.id("mine"), REASON)


async def asked_for(s: Scene) -> None:
    day = now().astimezone(SEOUL).date()
    await s.chief.moves.exports.prepare(s.id("over"), requester="self", identity=REASON, asked_on=day, known=())


async def blacked(s: Scene) -> None:
    await asked_for(s)
    await s.chief.moves.exports.mark(await export_of(s), "case:number", 0, 1)


async def to_be_released(s: Scene) -> None:
    await asked_for(s)
    await s.chief.moves.exports.submit(await export_of(s))


async def let_go(s: Scene) -> None:
    number = await export_of(s)
    await s.second.moves.exports.release(number, (await s.second.moves.exports.look(number)).export.version, ())


async def gone_out(s: Scene) -> None:
    await to_be_released(s)
    await let_go(s)


async def export_of(s: Scene) -> int:
    return int((await s.one("SELECT id FROM record_exports"))["id"])


async def consent_of(s: Scene) -> int:
    return int((await s.one("SELECT id FROM case_consents"))["id"])


async def lines(s: Scene) -> None:
    for number in range(4):
        await s.write("chat", "야 이 멍청아", f"rough-{number}")


async def marked(s: Scene) -> None:
    await lines(s)
    for seq in (1, 2, 3):
        await s.agent.abuse.mark(s.id("chat"), seq, True)


async def words(s: Scene) -> None:
    await s.write("mine", "문이 밖에서 잠겨 있어요", "words")


async def words_of_over(s: Scene) -> None:
    message = await s.one("SELECT id FROM cases WHERE id = %s", s.id("over"))
    assert message
    await s.call(database.run, "UPDATE cases SET closed_at = NULL, status = 'claimed', outcome = NULL WHERE id = %s", s.id("over"))
    await s.write("over", "여권을 잃어버렸어요", "over")
    await s.call(database.run, "UPDATE inbox SET triage_state = 'done', action = 'escalate', urgency = 'none', category = 'other', score = 0.8")
    await s.agent.close(s.id("over"), "resolved", "")


async def placed(s: Scene) -> None:
    talk = s.cases["mine"].conversation_id

    async def send(tx: Any) -> None:
        token = await location.request_link(tx, talk, s.id("mine"))
        await location.consent(tx, token, "device")
        await location.record_fix(tx, s.cipher, token, "device", checked_fix(11.55, 104.92, 15.0, now=datetime.now(UTC)))

    await s.call(send)


async def typed(s: Scene) -> None:
    talk = s.cases["mine"].conversation_id

    async def send(tx: Any) -> None:
        token = await location.request_link(tx, talk, s.id("mine"))
        await location.consent(tx, token, "device")
        await location.record_typed(tx, s.cipher, token, "device", "프놈펜 리버사이드 근처")

    await s.call(send)


async def routed(s: Scene) -> None:
    assert s.id("mine") in await route_open(s.db, s.cipher, now())


async def joined(s: Scene) -> None:
    await routed(s)
    await s.officer.join(s.id("mine"))


async def rang(s: Scene) -> None:
    opened = await s.agent.phone.open(Caller("가방을 통째로 도난당함", "urgent", "robbery_theft", now(), "form-1", number="+821012345678"))
    s.cases["call"] = opened.case


async def promised(s: Scene) -> None:
    await s.agent.moves.promise(s.id("mine"), "다시 전화", now() + timedelta(hours=1))


async def climbed(s: Scene) -> None:
    await s.call(handoff.sweep, now() + timedelta(seconds=25))


async def guarded(s: Scene) -> None:
    await s.agent.moves.guard(s.id("mine"))


async def numbered(s: Scene) -> None:
    await s.team.save_number("KH", "+855-23-000-111", "대사관에 물음")


async def shifted(s: Scene) -> None:
    await s.team.plan_shift(s.who("agent"), now() + timedelta(hours=1), now() + timedelta(hours=9))


async def target(s: Scene) -> None:
    await s.chief.hand_on.save_number("emergency_doctors", "+82-2-000-1111", "전화로 확인")


async def event(s: Scene) -> None:
    s.cases["event"] = await s.incidents_chief.open_incident("프놈펜 화재", "fire_gas", "KH", [s.id("mine")])
    s.cases["another"] = await s.incidents_chief.open_incident("프놈펜 정전", "fire_gas", "KH", [])
    await s.incidents_chief.add_person(s.cases["event"], "일행", "unknown", "companion")


async def stated(s: Scene) -> None:
    await event(s)
    await s.incidents_chief.write_statement(s.cases["event"], "넓은 곳으로 가세요.")


async def held(s: Scene) -> None:
    """A statement that was held back where somebody may be reading along."""
    await guarded(s)
    await stated(s)
    await s.incidents_second.approve((await s.one("SELECT id FROM incident_statements"))["id"])
    from handoff.incidents import statements

    await statements.deliver(s.db, s.cipher)


async def person_of(s: Scene) -> int:
    return int((await s.one("SELECT id FROM incident_people ORDER BY id DESC LIMIT 1"))["id"])


async def statement_of(s: Scene) -> int:
    return int((await s.one("SELECT id FROM incident_statements"))["id"])


async def surged(s: Scene) -> None:
    await s.surge.switch_on("지진으로 문의가 많습니다.", None, None)


async def reviewed(s: Scene) -> None:
    await words(s)
    message = await s.one("SELECT message_id FROM inbox WHERE event_id = 'words'")
    await s.agent.mark(s.id("mine"), message["message_id"], DANGER, "")


async def drawn(s: Scene) -> None:
    """Messages that triage let pass last week, drawn for two people."""
    at = datetime.now(UTC) - timedelta(days=7)
    for number in range(6):
        talk, _ = await s.call(conversation.start, "webchat")
        await s.call(conversation.accept, s.cipher, Inbound("webchat", f"passed-{number}", talk, InboundKind.TEXT, text="여권 재발급 얼마나 걸리나요"))
    statement = """UPDATE inbox SET triage_state = 'done', triaged_at = now(), action = 'none', score = 0.1, urgency = 'none', category = 'other',
                          received_at = %s WHERE event_id LIKE 'passed-%%'"""
    await s.call(database.run, statement, at)
    assert await s.call(sampling.draw, sampling.last_week(datetime.now(UTC)), wanted=6)


async def sample_of(s: Scene, who: str, *, other: bool = False) -> int:
    """A sample that somebody is to judge, or (``other``) that two others are."""
    condition = "NOT EXISTS" if other else "EXISTS"
    row = await s.one(
        f"SELECT id FROM review_samples p WHERE {condition} (SELECT 1 FROM review_slots l WHERE l.sample_id = p.id AND l.account_id = %s) ORDER BY id",
        s.who(who),
    )
    return int(row["id"])


async def judges_of(s: Scene, sample: int) -> list[ReviewActions]:
    async with s.db.read() as connection:
        found = await database.rows(connection, "SELECT account_id FROM review_slots WHERE sample_id = %s ORDER BY account_id", sample)
    return [ReviewActions(s.db, s.cipher, SignedIn(row["account_id"])) for row in found]


async def judged(s: Scene) -> None:
    await drawn(s)
    row = await s.one("SELECT id FROM review_samples ORDER BY id LIMIT 1")
    for number, one in enumerate(await judges_of(s, row["id"])):
        await one.judge(row["id"], DANGER if number else HARMLESS)


async def decide(s: Scene) -> None:
    row = await s.one("SELECT id FROM review_samples ORDER BY id LIMIT 1")
    async with s.db.read() as connection:
        slots = await database.rows(connection, "SELECT account_id FROM review_slots WHERE sample_id = %s", row["id"])
    third = next(name for name in ("chief", "second", "third") if s.who(name) not in {slot["account_id"] for slot in slots})
    await ReviewActions(s.db, s.cipher, SignedIn(s.who(third))).decide(row["id"], DANGER)


async def call_for_help(s: Scene) -> None:
    row = await s.one("SELECT id FROM review_samples ORDER BY id LIMIT 1")
    judge = (await judges_of(s, row["id"]))[0]
    await judge.judge(row["id"], DANGER)
    await judge.call_for_help(row["id"])


async def decline(s: Scene) -> None:
    await s.call(handoff.sweep, now() + timedelta(seconds=1))
    row = await s.one("SELECT id, offered_to FROM cases WHERE offered_to IS NOT NULL ORDER BY id LIMIT 1")
    name = next(one for one in s.desks if s.who(one) == row["offered_to"])
    await s.desks[name].actions.moves.decline(row["id"])


async def pick(s: Scene) -> None:
    row = await s.one("SELECT id FROM geo_fixes WHERE kind = 'typed'")
    await s.agent.places.pick(s.id("mine"), row["id"], candidates("프놈펜 리버사이드 근처", "KH")[0].town.id)


async def review_of(s: Scene) -> tuple[int, datetime]:
    row = await s.one("SELECT id, marked_at FROM triage_reviews")
    return int(row["id"]), row["marked_at"]


async def accept(s: Scene) -> None:
    number, seen = await review_of(s)
    await s.reviews.accept(number, DANGER, seen)


async def reject(s: Scene) -> None:
    await s.reviews.reject(*await review_of(s))


async def text_link(s: Scene) -> None:
    class Pigeon:
        async def send(self, number: str, text: str) -> bool:
            return True

    before = phone_actions.settings
    texting.connect(Pigeon())
    phone_actions.settings = lambda: Settings(locate_sms=True)  # type: ignore[assignment]
    try:
        assert await s.agent.phone.text_link(s.id("call"))
    finally:
        texting.connect(None)
        phone_actions.settings = before


async def amend(s: Scene) -> None:
    row = Competence(Kind.DISTRICT, "KH", KH, ("*",), None, None, None, Confidence.RELAYED, "대사관 누리집", "")
    await s.team.amend(row, None)


async def shift(s: Scene) -> None:
    owed = await s.one("SELECT id FROM case_promises")
    parcels = {s.id("mine"): handoff.Parcel(s.who("other"), NOTE), s.id("chat"): handoff.Parcel(s.who("other"), NOTE)}
    done = await s.agent.moves.hand_over(parcels, {owed["id"]: s.who("other")})
    assert (done.moved, done.asked, done.promises) == ([s.id("chat")], [s.id("mine")], [owed["id"]])


async def flood(s: Scene) -> None:
    await s.surge.switch_on("지진으로 문의가 많습니다.", None, s.cases["event"])


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(made, "PNG")
    return made.getvalue()


async def no_position(s: Scene) -> None:
    with pytest.raises(AppError):
        await s.agent.files.position(s.id("mine"), 1)


async def restricted(s: Scene) -> None:
    await s.agent.moves.records.restrict(s.id("mine"), [s.who("chief")], REASON)


async def held_back(s: Scene) -> None:
    assert await s.chief.moves.records.hold(s.id("mine"), REASON)


async def opened(s: Scene) -> None:
    await restricted(s)
    assert await s.third.moves.records.break_glass(s.id("mine"), REASON)


def access(s: Scene) -> AccessActions:
    return AccessActions(s.db, s.cipher, SignedIn(s.who("chief")))


def month() -> date:
    return now().date().replace(day=1)


LAWS: dict[str, Law] = {
    # One's own desk.
    "Actions.open": Law(lambda s: s.agent.open(s.id("mine"))),
    "Actions.lines": Law(lambda s: s.agent.lines(s.id("mine"), 0)),
    "Actions.lines_again": Law(lambda s: s.agent.lines_again(s.id("mine"), [1]), before=words),
    "Actions.unread": Law(lambda s: s.agent.unread(s.cases["chat"].conversation_id), before=lines),
    "Actions.typing": Law(lambda s: s.agent.typing(s.id("mine"))),
    "Actions.marks": Law(lambda s: s.agent.marks(s.id("mine"))),
    "Actions.mark_read": Law(lambda s: s.agent.mark_read(s.cases["mine"].conversation_id, 1), {"read"}, before=words),
    "Actions.take": Law(lambda s: s.other.take(s.id("waiting")), {"claimed", "owner"}, case="waiting"),
    "Actions.take_next": Law(lambda s: s.other.take_next(), {"claimed"}, "other", "waiting"),
    "Actions.reply": Law(lambda s: s.agent.reply(s.id("mine"), "지금 어디 계십니까?", "one"), {"reply", "message"}),
    "Actions.ask_place": Law(lambda s: s.agent.ask_place(s.id("mine"), "one"), {"message"}),
    "Actions.cannot_speak": Law(lambda s: s.agent.cannot_speak(s.id("mine"), True), {"cannot_speak"}),
    "Actions.acknowledge": Law(lambda s: s.other.acknowledge(s.id("waiting")), {"acknowledged"}, case="waiting"),
    "Actions.hand_back": Law(lambda s: s.agent.hand_back(s.id("mine")), {"handed_back", "owner"}),
    "Actions.to_queue": Law(lambda s: s.agent.to_queue(s.id("mine")), {"returned"}),
    "Actions.close": Law(lambda s: s.agent.close(s.id("chat"), "resolved", ""), {"closed"}, "chief", "chat"),
    "Actions.confirm_close": Law(lambda s: s.other.confirm_close(s.id("ending")), {"closed"}, "chief", "ending"),
    "Actions.to_mark": Law(lambda s: s.agent.to_mark(s.id("mine"), 1), before=words),
    "Actions.mark": Law(reviewed),
    "Actions.mark_closed": Law(lambda s: s.agent.mark_closed(s.id("over"), HARMLESS), before=words_of_over),
    "Actions.beat": Law(lambda s: s.agent.beat()),
    "Actions.set_presence": Law(lambda s: s.agent.set_presence("away", "meal"), {"returned"}, "chief"),
    # Between people.
    "MoveActions.decline": Law(decline, {"offered", "offer_declined"}, "chief", "waiting"),
    "MoveActions.unask": Law(lambda s: s.agent.moves.unask(s.id("asked")), {"refused"}, case="asked"),
    "MoveActions.transfer": Law(lambda s: s.agent.moves.transfer(s.id("mine"), s.who("other"), NOTE), {"asked", "note"}),
    "MoveActions.to_team": Law(lambda s: s.agent.moves.to_team(s.id("chat"), "legal", NOTE), {"returned", "note"}, "chief", "chat"),
    "MoveActions.invite": Law(lambda s: s.agent.moves.invite(s.id("mine"), s.who("other")), {"invited"}),
    "MoveActions.snooze": Law(lambda s: s.agent.moves.snooze(s.id("chat"), now() + timedelta(hours=1)), {"snoozed"}, case="chat"),
    "MoveActions.merge": Law(lambda s: s.agent.moves.merge(s.id("chat"), s.id("mine")), {"merged"}),
    "MoveActions.reopen": Law(lambda s: s.agent.moves.reopen(s.id("over")), {"reopened"}, "chief", "over"),
    "MoveActions.take_from": Law(lambda s: s.chief.moves.take_from(s.id("mine"), "담당자가 자리에 없음"), {"overridden"}, "second"),
    "MoveActions.note": Law(lambda s: s.agent.moves.note(s.id("mine"), NOTE), {"note"}),
    "MoveActions.promise": Law(promised, {"promised"}),
    "MoveActions.keep": Law(
        lambda s: _then(s.one("SELECT id FROM case_promises"), lambda row: s.agent.moves.keep(row["id"])), {"promise_kept"}, before=promised
    ),
    "MoveActions.promises": Law(lambda s: s.agent.moves.promises(), before=promised),
    "MoveActions.rungs": Law(lambda s: s.agent.moves.rungs(s.id("waiting")), case="waiting"),
    "MoveActions.acknowledge_rung": Law(
        lambda s: s.other.moves.acknowledge_rung(s.id("waiting"), "supervisor"), {"rung_acknowledged"}, case="waiting", before=climbed
    ),
    "MoveActions.is_guarded": Law(lambda s: s.agent.moves.is_guarded(s.id("mine"))),
    "MoveActions.guard": Law(guarded, {"guarded"}),
    "MoveActions.release_guard": Law(lambda s: s.agent.moves.release_guard(s.id("mine"), "혼자 있음을 통화로 확인"), {"guarded"}, before=guarded),
    "MoveActions.history_code": Law(lambda s: s.agent.moves.history_code(s.id("mine")), before=guarded),
    "MoveActions.agree_code_word": Law(lambda s: s.agent.moves.agree_code_word(s.id("mine"), "푸른 코끼리 우산"), before=guarded),
    "MoveActions.object_to_close": Law(lambda s: s.other.moves.object_to_close(s.id("ending")), {"closing_withdrawn"}, case="ending"),
    "MoveActions.roster": Law(lambda s: s.agent.moves.roster()),
    "MoveActions.recently_closed": Law(lambda s: s.agent.moves.recently_closed()),
    "MoveActions.hand_over": Law(shift, {"asked", "note"}, before=promised),
    # The place.
    "PlaceActions.pick": Law(pick, {"place"}, before=typed),
    "PlaceActions.export": Law(lambda s: s.agent.places.export(s.id("mine"), Form.GEO_URI), before=placed),
    "PlaceActions.around": Law(lambda s: s.agent.places.around(s.id("mine")), before=placed),
    # Abusive words.
    "AbuseActions.mark": Law(lambda s: s.agent.abuse.mark(s.id("chat"), 1, True), {"abuse"}, case="chat", before=lines),
    "AbuseActions.mark_last": Law(lambda s: s.agent.abuse.mark_last(s.id("chat")), {"abuse"}, case="chat", before=lines),
    "AbuseActions.rest_minutes": Law(lambda s: s.agent.abuse.rest_minutes()),
    "AbuseActions.end": Law(lambda s: s.agent.abuse.end(s.id("chat")), {"closed", "message"}, "chief", "chat", before=marked),
    "AbuseActions.to_supervisor": Law(lambda s: s.agent.abuse.to_supervisor(s.id("chat")), {"accepted"}, "chief", "chat", before=marked),
    # Those who help further.
    "HandOnActions.listing": Law(lambda s: s.agent.hand_on.listing()),
    "HandOnActions.record": Law(lambda s: s.agent.hand_on.record(s.id("mine"), "emergency_doctors", "머리를 다침"), {"handed_on"}),
    "HandOnActions.save_number": Law(target),
    "HandOnActions.check_number": Law(lambda s: s.second.hand_on.check_number("emergency_doctors", "+82-2-000-1111"), before=target),
    # Files. A place that a picture does not have is refused.
    "FileActions.send": Law(lambda s: s.agent.files.send(s.id("mine"), picture(), "지도.png", "one"), {"message"}),
    "FileActions.position": Law(no_position),
    # Who may look, and what must stay.
    "RecordActions.restrict": Law(restricted, {"restricted"}),
    "RecordActions.lift": Law(lambda s: s.chief.moves.records.lift(s.id("mine"), REASON), {"unrestricted"}, before=restricted),
    "RecordActions.restriction": Law(lambda s: s.agent.moves.records.restriction(s.id("mine")), before=restricted),
    "RecordActions.break_glass": Law(lambda s: s.second.moves.records.break_glass(s.id("mine"), REASON), {"glass_broken"}, before=restricted),
    "RecordActions.note_refusal": Law(lambda s: s.second.moves.records.note_refusal(s.id("mine")), before=restricted),
    "RecordActions.note_reading": Law(lambda s: s.chief.moves.records.note_reading(s.id("mine")), before=restricted),
    "RecordActions.hold": Law(held_back, {"hold"}),
    "RecordActions.lift_hold": Law(lambda s: s.chief.moves.records.lift_hold(s.id("mine"), REASON), {"hold"}, before=held_back),
    "RecordActions.standing_hold": Law(lambda s: s.chief.moves.records.standing_hold(s.id("mine")), before=held_back),
    # Who agreed for the citizen.
    "ConsentActions.guardian": Law(lambda s: s.agent.moves.consents.guardian(s.id("mine"), Guardian("under_14", "parent", "phone")), {"consent"}),
    "ConsentActions.child": Law(child_speaks, {"consent", "guarded", "guardian_danger"}),
    "ConsentActions.without": Law(lambda s: s.agent.moves.consents.without(s.id("mine"), "vital", REASON, ""), {"consent"}),
    "ConsentActions.check": Law(
        lambda s: _then(consent_of(s), lambda one: s.chief.moves.consents.check(one, is_agreed=True)), {"consent"}, before=child_speaks
    ),
    "ConsentActions.end": Law(lambda s: _then(consent_of(s), lambda one: s.chief.moves.consents.end(one, REASON)), {"consent"}, before=child_speaks),
    # What is kept, for whoever asks about themselves: no desk hears of any of it.
    "ExportActions.viewer": Law(lambda s: s.chief.moves.exports.viewer()),
    "ExportActions.cares": Law(lambda s: s.chief.moves.exports.cares(s.id("over"))),
    "ExportActions.prepare": Law(asked_for),
    "ExportActions.listing": Law(lambda s: s.chief.moves.exports.listing(), before=asked_for),
    "ExportActions.look": Law(lambda s: _then(export_of(s), s.chief.moves.exports.look), before=asked_for),
    "ExportActions.mark": Law(lambda s: _then(export_of(s), lambda one: s.chief.moves.exports.mark(one, "case:number", 0, 1)), before=asked_for),
    "ExportActions.mark_word": Law(lambda s: _then(export_of(s), lambda one: s.chief.moves.exports.mark_word(one, "지갑")), before=asked_for),
    "ExportActions.unmark": Law(lambda s: _then(export_of(s), lambda one: s.chief.moves.exports.unmark(one, "case:number", 0, 1)), before=blacked),
    "ExportActions.submit": Law(lambda s: _then(export_of(s), s.chief.moves.exports.submit), before=asked_for),
    "ExportActions.take_back": Law(lambda s: _then(export_of(s), s.chief.moves.exports.take_back), before=to_be_released),
    "ExportActions.turn_back": Law(lambda s: _then(export_of(s), lambda one: s.second.moves.exports.turn_back(one, REASON)), before=to_be_released),
    "ExportActions.release": Law(let_go, before=to_be_released),
    "ExportActions.withdraw": Law(lambda s: _then(export_of(s), s.chief.moves.exports.withdraw), before=asked_for),
    "ExportActions.fetch": Law(lambda s: _then(export_of(s), lambda one: s.second.moves.exports.fetch(one, "json")), before=gone_out),
    "ExportActions.unchecked": Law(lambda s: s.chief.moves.exports.unchecked(), before=child_speaks),
    # The access log's page.
    "AccessActions.viewer": Law(lambda s: access(s).viewer()),
    "AccessActions.entries": Law(lambda s: access(s).entries(month())),
    "AccessActions.lines": Law(lambda s: access(s).lines(month(), "agent"), before=restricted),
    "AccessActions.of_case": Law(lambda s: access(s).of_case(s.id("mine")), before=restricted),
    "AccessActions.mark_reviewed": Law(lambda s: access(s).mark_reviewed(month(), "agent"), before=restricted),
    "AccessActions.export": Law(lambda s: access(s).export(f"{month():%Y-%m}", "agent"), before=restricted),
    "AccessActions.openings": Law(lambda s: access(s).openings(), before=opened),
    "AccessActions.unseen": Law(lambda s: access(s).unseen(), before=opened),
    "AccessActions.see": Law(lambda s: _then(access(s).openings(), lambda found: access(s).see(found[0].id)), before=opened),
    "AccessActions.kept": Law(lambda s: access(s).kept()),
    # Callers.
    "PhoneActions.open": Law(rang, {"opened", "claimed"}),
    "PhoneActions.issue": Law(lambda s: s.agent.phone.issue(s.id("call")), {"code_issued"}, case="call", before=rang),
    "PhoneActions.write_place": Law(lambda s: s.agent.phone.write_place(s.id("call"), "프놈펜 강변"), {"place"}, case="call", before=rang),
    "PhoneActions.end_call": Law(lambda s: s.agent.phone.end_call(s.id("call")), {"call_ended"}, case="call", before=rang),
    "PhoneActions.text_link": Law(text_link, case="call", before=rang),
    # The missions' officers.
    "MissionActions.stationed": Law(lambda s: s.agent.missions.stationed(s.id("mine"), [KH]), before=routed),
    "MissionActions.inform": Law(lambda s: s.agent.missions.inform(s.id("mine"), s.who("officer")), {"informed"}, before=routed),
    "MissionActions.call_in": Law(lambda s: s.agent.missions.call_in(s.id("mine"), s.who("officer")), {"invited", "informed"}, before=routed),
    "OfficerActions.viewer": Law(lambda s: s.officer.viewer()),
    "OfficerActions.cases": Law(lambda s: s.officer.cases(), before=routed),
    "OfficerActions.acknowledge": Law(lambda s: s.officer.acknowledge(s.id("mine")), before=routed),
    "OfficerActions.join": Law(lambda s: s.officer.join(s.id("mine")), {"joined"}, before=routed),
    "OfficerActions.open": Law(lambda s: s.officer.open(s.id("mine")), before=joined),
    "OfficerActions.write": Law(lambda s: s.officer.write(s.id("mine"), "영사입니다.", "one"), {"reply", "message"}, before=joined),
    "SeatActions.seats": Law(lambda s: s.team.officers.seats()),
    "SeatActions.seat": Law(lambda s: s.team.officers.seat(s.who("officer"), "주일본대사관", ""), before=joined),
    "SeatActions.unseat": Law(lambda s: s.team.officers.unseat(s.who("officer")), {"officer_left"}, before=joined),
    # The team's page. Districts and people are read anew with each opening of a case, so nobody looks at one meanwhile where they change.
    "TeamActions.viewer": Law(lambda s: s.team.viewer()),
    "TeamActions.picture": Law(lambda s: s.team.picture()),
    "TeamActions.save_person": Law(
        lambda s: _then(s.team.picture(), lambda found: s.team.save_person(_person(found, s.who("agent")), ["death"], ["ko", "km"], ["night"], 5))
    ),
    "TeamActions.plan_shift": Law(shifted),
    "TeamActions.cancel_shift": Law(lambda s: _then(s.one("SELECT id FROM shifts"), lambda row: s.team.cancel_shift(row["id"])), before=shifted),
    "TeamActions.numbers": Law(lambda s: s.team.numbers(), before=numbered),
    "TeamActions.save_number": Law(numbered),
    "TeamActions.check_number": Law(lambda s: s.team2.check_number("KH", "+855-23-000-111"), before=numbered),
    "TeamActions.rests": Law(lambda s: s.team.rests()),
    "TeamActions.set_rest_minutes": Law(lambda s: s.team.set_rest_minutes(20)),
    "TeamActions.missions": Law(lambda s: s.team.missions()),
    "TeamActions.lines": Law(lambda s: s.team.lines("KH")),
    "TeamActions.amend": Law(amend, case=None),
    # Incidents: their pages read everything anew; the law here is that no desk shows anything else because of them.
    "IncidentActions.viewer": Law(lambda s: s.incidents.viewer()),
    "IncidentActions.overview": Law(lambda s: s.incidents.overview()),
    "IncidentActions.picture": Law(lambda s: s.incidents.picture(s.cases["event"]), before=event),
    "IncidentActions.suggestions": Law(lambda s: s.incidents.suggestions(s.cases["event"]), before=event),
    "IncidentActions.opened": Law(lambda s: s.incidents.opened(s.cases["event"]), before=event),
    "IncidentActions.export": Law(lambda s: s.incidents.export(s.cases["event"]), before=event),
    "IncidentActions.open_incident": Law(event),
    "IncidentActions.add_cases": Law(lambda s: s.incidents.add_cases(s.cases["event"], [s.id("chat")]), before=event),
    "IncidentActions.remove_case": Law(lambda s: s.incidents.remove_case(s.cases["event"], s.id("mine")), before=event),
    "IncidentActions.add_person": Law(lambda s: s.incidents.add_person(s.cases["event"], "일행 둘", "safe", "family"), before=event),
    "IncidentActions.say_state": Law(lambda s: _then(person_of(s), lambda one: s.incidents.say_state(one, "safe", "mission", "")), before=event),
    "IncidentActions.drop_person": Law(lambda s: _then(person_of(s), s.incidents.drop_person), before=event),
    "IncidentActions.merge": Law(lambda s: s.incidents_chief.merge(s.cases["another"], s.cases["event"]), before=event),
    "IncidentActions.close": Law(lambda s: s.incidents_chief.close(s.cases["event"]), before=event),
    "IncidentActions.write_statement": Law(lambda s: s.incidents_chief.write_statement(s.cases["event"], "넓은 곳으로 가세요."), before=event),
    "IncidentActions.approve": Law(lambda s: _then(statement_of(s), s.incidents_second.approve), before=stated),
    "IncidentActions.withdraw": Law(lambda s: _then(statement_of(s), s.incidents_chief.withdraw), before=stated),
    "IncidentActions.send_held": Law(lambda s: _then(statement_of(s), lambda one: s.incidents.send_held(one, s.id("mine"))), {"message"}, before=held),
    # Surge mode and the board.
    "SurgeActions.state": Law(lambda s: s.surge.state()),
    "SurgeActions.switch_on": Law(flood, before=event),
    "SurgeActions.switch_off": Law(lambda s: s.surge.switch_off(), before=surged),
    "BoardActions.viewer": Law(lambda s: s.board.viewer()),
    "BoardActions.live": Law(lambda s: s.board.live()),
    "BoardActions.period": Law(lambda s: s.board.period(*_today())),
    "BoardActions.export": Law(lambda s: s.board.export(*_today())),
    # Reviews.
    "ReviewActions.viewer": Law(lambda s: s.reviews.viewer()),
    "ReviewActions.work": Law(lambda s: s.reviews.work(), before=drawn),
    "ReviewActions.open_sample": Law(lambda s: _then(sample_of(s, "chief"), s.reviews.open_sample), before=drawn),
    "ReviewActions.judge": Law(lambda s: _then(sample_of(s, "chief"), lambda one: s.reviews.judge(one, HARMLESS)), before=drawn),
    "ReviewActions.decide": Law(decide, before=judged),
    "ReviewActions.call_for_help": Law(call_for_help, {"opened"}, before=drawn),
    "ReviewActions.open_review": Law(lambda s: _then(review_of(s), lambda found: s.reviews.open_review(found[0])), before=reviewed),
    "ReviewActions.accept": Law(accept, before=reviewed),
    "ReviewActions.reject": Law(reject, before=reviewed),
    "ReviewActions.open_closed": Law(lambda s: ReviewActions(s.db, s.cipher, SignedIn(s.who("agent"))).open_closed(s.id("over")), before=words_of_over),
    "ReviewActions.mark": Law(
        lambda s: _then(
            s.one("SELECT message_id FROM inbox WHERE event_id = 'words'"),
            lambda row: ReviewActions(s.db, s.cipher, SignedIn(s.who("agent"))).mark(s.id("mine"), row["message_id"], DANGER),
        ),
        before=words,
    ),
}


async def _then(first: Awaitable[Any], act: Callable[[Any], Awaitable[Any]]) -> None:
    await act(await first)


def _person(found: Any, staff_id: int) -> Any:
    return next(one for one in found.people if one.id == staff_id)


def _today() -> tuple[str, str]:
    day = now().date().isoformat()
    return day, day


def test_everything_that_can_be_done_has_a_law():
    assert set(LAWS) == can_be_done()


def test_no_pane_shows_what_the_law_leaves_out_of_a_case():
    panes = ("conversation_pane", "context_pane", "case_strip", "queue_pane", "guidance_pane", "phone_tools", "place_tools", "officer_page")
    sources = [(Path(package.__file__).parent / "desk" / f"{name}.py").read_text("utf-8") for name in panes]
    assert not [name for name in UNSHOWN for source in sources if re.search(rf"\bcase\.{name}\b", source)]


@pytest.mark.parametrize("name", LAWS)
async def test_old_desk_and_what_it_is_told_are_the_fresh_desk(scene, name):  # noqa: F811
    await holds(scene, LAWS[name])


@pytest.mark.parametrize("look", ["refresh", "open"])
async def test_a_desk_that_looks_again_after_many_lines_shows_them_all(scene, look):  # noqa: F811
    for number in range(3):
        await scene.write("mine", f"처음 {number}", f"first-{number}")
    desk = scene.desks["agent"]
    await desk.begin(scene.id("mine"))
    for number in range(8):
        await scene.write("mine", f"그 뒤 {number}", f"then-{number}")
    await getattr(desk.case, look)(scene.id("mine"))
    await desk.is_true()
