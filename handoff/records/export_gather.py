"""Gathers what is kept about a citizen in one case, as whoever prepares an export may see it.

Left out: who else is known to us (other cases, incidents, floods, the same number), the agreed word, and that a phone is guarded, since the file may
come into the hands of whoever guards it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.schemas import Role, Staff
from conversation import service as conversation
from conversation.schemas import Line
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from handoff import location
from handoff.files import with_files
from handoff.hand_on import service as hand_on
from handoff.moves import CONTACT, OUTCOMES, SUMMARY, notes
from handoff.phone import service as phone
from handoff.promises import of_case as promises_of
from handoff.records import consent_service, export_repository
from handoff.records.action_words import said
from handoff.records.consent_rules import BASIS_WORDS, KINDS, RELATIONS, Kind
from handoff.records.export_document import Document, Item, Section
from language.categories import Category, Urgency

SEOUL = ZoneInfo("Asia/Seoul")
PAGE = 500
AUTHORS = {"citizen": "민원인", "bot": "상담봇", "agent": "상담관", "officer": "영사", "system": "알림"}
CHANNELS = {"webchat": "웹 채팅", "kakao": "카카오톡", "line": "라인", "wechat": "위챗", "wechat_mini": "위챗 미니프로그램", "sms": "문자", "phone": "전화"}
WORDLESS = {"location": "위치를 보냈습니다.", "danger": "‘지금 위험해요’를 눌렀습니다.", "sticker": "스티커를 보냈습니다.", "file": "파일을 보냈습니다."}
#: What of a case's history is about its citizen alone; whatever is not named here stays out.
HISTORY = {
    "opened": "상담이 열림",
    "raised": "급한 정도가 올라감",
    "claimed": "상담관이 맡음",
    "accepted": "다른 상담관이 이어 맡음",
    "overridden": "책임자가 맡음",
    "returned": "대기열로 돌아감",
    "handed_back": "봇이 다시 응대",
    "joined": "재외공관 영사가 참여",
    "handed_on": "다른 기관에 전달",
    "promised": "약속을 적음",
    "promise_kept": "약속을 지킴",
    "cannot_speak": "말할 수 없음 표시",
    "call_ended": "전화 상담이 끝남",
    "reopened": "다시 열림",
    "closed": "상담이 끝남",
}
TITLES = {
    "case": "상담",
    "transcript": "대화",
    "places": "위치",
    "consents": "동의",
    "notes": "메모·약속·전달",
    "history": "처리 과정",
    "looks": "열람 기록 (직원의 역할만)",
}
_KINDS = {"image": "사진", "document": "문서", "video": "동영상", "audio": "음성", "text": "글"}


async def gather(tx: Connection, cipher: Cipher, row: dict[str, Any], staff: Staff, *, address: str = "") -> Document:
    """Everything, read in the caller's transaction; an exact place is read by right, hence only while the case is open, and that look is written down.

    Nothing is locked while the rest is read, so that neither citizen nor triage waits. Places come last, since a look at one holds the access log.
    """
    conversation_id, case_id = row["conversation_id"], row["id"]
    found = {
        "case": await _case(tx, cipher, row),
        "transcript": await _lines(tx, cipher, conversation_id),
        "consents": await _consents(tx, cipher, conversation_id),
        "notes": await _notes(tx, cipher, case_id),
        "history": await _history(tx, case_id),
        "looks": await _looks(tx, case_id),
    }
    await export_repository.pin(tx, case_id, conversation_id)
    found["places"] = await _places(tx, cipher, row, staff, address)
    sections = tuple(Section(code, title, tuple(found[code])) for code, title in TITLES.items())
    return Document(case_id, clock_now().isoformat(timespec="seconds"), sections)


def _country(code: str | None) -> str:
    from babel import Locale  # reads its tables when it is first asked

    return dict(Locale("ko").territories).get(code, code) if code else "적지 않음"


def _when(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"


async def _case(tx: Connection, cipher: Cipher, row: dict[str, Any]) -> list[Item]:
    talk = await conversation.get(tx, row["conversation_id"])
    found = [
        Item("case:number", "상담 번호", f"#{row['id']}"),
        Item("case:channel", "채널", CHANNELS.get(talk["channel"], talk["channel"])),
        Item("case:arrival", "처음 온 때 (한국)", _when(row["arrival_at"])),
        Item("case:severity", "급한 정도", Urgency(row["severity"]).label),
        Item("case:category", "유형", Category(row["category"]).label),
        Item("case:country", "나라", _country(row["country"])),
    ]
    if row["closed_at"] is not None:
        found.append(Item("case:closed", "끝난 때와 결과", f"{_when(row['closed_at'])} · {OUTCOMES.get(row['outcome'], row['outcome'])}"))
    if row["summary"]:
        found.append(Item("case:summary", "무슨 일", cipher.open(row["summary"], SUMMARY), is_free=True))
    if row["verified_contact"]:
        found.append(Item("case:contact", "안전을 확인한 방법", cipher.open(row["verified_contact"], CONTACT), is_free=True))
    caller = await phone.caller_card(tx, cipher, row)
    if caller is not None:
        found.append(Item("case:caller", "전화한 사람", " ".join(part for part in (caller.name, caller.number) if part) or "적지 않음", is_free=True))
        found += [Item(f"call:{one.id}", "통화", _when(one.started_at)) for one in caller.calls]
    return found


async def _lines(tx: Connection, cipher: Cipher, conversation_id: str) -> list[Item]:
    """Every line that is kept, also what the citizen's screen shows no longer."""
    lines: list[Line] = []
    while more := await conversation.transcript(tx, cipher, conversation_id, after=lines[-1].seq if lines else 0, limit=PAGE):
        lines += more
    lines = await with_files(tx, cipher, lines)
    authors = [AUTHORS.get(one.author_kind, one.author_kind) for one in lines]
    return [Item(f"line:{one.message_id}", f"{_when(one.created_at)} · {who}", _words(one), is_free=True) for one, who in zip(lines, authors, strict=True)]


def _words(line: Line) -> str:
    files = [f"[{_KINDS.get(one.kind, '파일')}] {one.name}".strip() for one in line.files]
    return "\n".join(part for part in (line.text or WORDLESS.get(line.kind, ""), *files) if part)


async def _places(tx: Connection, cipher: Cipher, row: dict[str, Any], staff: Staff, address: str) -> list[Item]:
    exact = {}
    if row["status"] != "closed":
        seen = await location.seen_places(tx, cipher, row["conversation_id"], staff, address=address)
        exact = {one.fix_id: one for one in (*seen.track, *(place for place in (seen.fix, seen.typed) if place is not None))}
    found = []
    for one in await export_repository.places(tx, row["conversation_id"]):
        place, label = exact.get(one["id"]), f"{_when(one['received_at'])} · {'직접 적은 곳' if one['kind'] == 'typed' else one['method']}"
        if place is None:
            gone = "정확한 위치는 지웠습니다." if one["purged_at"] is not None else "정확한 위치는 상담이 열려 있는 동안만 봅니다."
            cell = f" 대략의 칸(5 km 이상): {one['coarse_cell']}" if one["coarse_cell"] else ""
            found.append(Item(f"place:{one['id']}", label, gone + cell))
        elif place.text:
            found.append(Item(f"place:{one['id']}", label, place.text, is_free=True))
        else:
            radius = f" ±{place.radius_m:.0f} m" if place.radius_m is not None else ""
            found.append(Item(f"place:{one['id']}", label, f"{place.lat:.6f}, {place.lon:.6f} ({place.datum}){radius}"))
    return found


async def _consents(tx: Connection, cipher: Cipher, conversation_id: str) -> list[Item]:
    """The citizen's own, and those of others. That a guardian is the danger is left out: it stands as the child's own word."""
    found = []
    for number, one in enumerate(await export_repository.place_consents(tx, conversation_id)):
        until = f" · {_when(one['stopped_at'])} 거둠" if one["stopped_at"] else ""
        found.append(Item(f"place-consent:{number}", f"{_when(one['given_at'])} · 위치 동의", f"문구 {one['text_version']}{until}"))
    for consent in await consent_service.of_conversation(tx, cipher, conversation_id):
        label = f"{_when(consent.given_at)} · {'본인의 말' if consent.kind is Kind.CHILD else KINDS[consent.kind]}"
        if consent.kind is Kind.CHILD:
            text = f"문구 {consent.text_version}"
        else:
            answer = "" if consent.is_given else " · 동의하지 않음"
            relation = next((word for word in RELATIONS.values() if consent.who.startswith(word)), "") if consent.kind is Kind.GUARDIAN else consent.who
            text = f"{BASIS_WORDS[consent.basis]} · 문구 {consent.text_version}{answer}{f' · {relation}' if relation else ''}"
            text += f"\n{consent.said}" if consent.said else ""
        found.append(Item(f"consent:{consent.id}", label, text, is_free=True))
    return found


async def _notes(tx: Connection, cipher: Cipher, case_id: int) -> list[Item]:
    found = [(one.created_at, Item(f"note:{one.id}", f"{_when(one.created_at)} · 메모", one.text, is_free=True)) for one in await notes(tx, cipher, case_id)]
    found += [
        (one.due_at, Item(f"promise:{one.id}", f"{_when(one.due_at)}까지 · 약속", one.text, is_free=True)) for one in await promises_of(tx, cipher, case_id)
    ]
    for number, given in enumerate(await hand_on.of_case(tx, cipher, case_id)):
        found.append((given.handed_at, Item(f"hand-on:{number}", f"{_when(given.handed_at)} · 전달: {given.target}", given.said, is_free=True)))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


async def _history(tx: Connection, case_id: int) -> list[Item]:
    rows = await export_repository.history(tx, case_id)
    return [Item(f"event:{number}", _when(row["created_at"]), HISTORY[row["kind"]]) for number, row in enumerate(rows) if row["kind"] in HISTORY]


async def _looks(tx: Connection, case_id: int) -> list[Item]:
    found = [(row["at"], said(row["action"]), _role(row["roles"])) for row in await export_repository.looks(tx, case_id)]
    return [Item(f"look:{number}", _when(at), f"{what} · {who}") for number, (at, what, who) in enumerate(found)]


def _role(roles: list[str]) -> str:
    return next((role.label for role in (Role.AGENT, Role.OFFICER, Role.SUPERVISOR, Role.EDITOR, Role.ADMIN) if role.value in roles), "직원")
