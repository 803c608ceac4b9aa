"""Where a person is: asked for by a link, sent with consent, seen by few, recorded whenever seen, erased in time."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.schemas import Role, Staff
from conversation import service as conversation
from core import audit, events
from core import db as database
from core.clock import now as clock_now
from core.crypto import Cipher, hash_token, new_token
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import ladder, places, repository
from handoff.access import access_location
from handoff.datum import to_wgs84
from handoff.fixes import GeoFix, checked_fix
from handoff.geography import coarse_cell, countries_at
from handoff.moves import open_or_raise
from handoff.schemas import HOME, Place
from handoff.streams import announce, case_stream
from language.categories import Category
from language.normalise import normalise
from language.rules import hits

PLACE = "geo_fixes.place"
LINK = "location_links.token"
#: Versions of the sentences that citizens agree to; the wording stands in ``docs/handoff.md``.
CONSENT_LINK = "locate-page-1"
CONSENT_CHAT = "chat-button-1"
CONSENT_PLATFORM = "platform-1"
CONSENT_PLAIN = "chat-plain-1"
CONSENT_PLAIN_LINK = "locate-plain-1"
#: Stands with a place that was sent from the page that looks like a notebook.
PLAIN = "plain"
MAX_TYPED_CHARS = 300
MAX_DEVICE_CHARS = 200
#: A page may send a place each second; more often is one of the same.
SHORTEST_GAP = timedelta(seconds=1)
ONE_LOOK_S = 60
#: The method of a place that a person chose from words: a town, not a point.
TYPED = "typed"
TRACK = 50

#: What a device says of where it is stands like what its owner says: a country that is only asked about does not take its place.
_PLACED = "UPDATE conversations SET country = CASE WHEN country_said THEN country ELSE %s END, country_said = true WHERE id = %s"

Row = dict[str, Any]


@dataclass(frozen=True)
class LinkState:
    """What the location page may know before anything is sent."""

    conversation_id: str
    case_id: int | None
    expires_at: datetime
    bound: bool


@dataclass(frozen=True)
class View:
    """One look at a citizen's place, as the citizen may know it: which kind of person, and when."""

    who: str
    viewed_at: datetime


async def request_link(tx: Connection, conversation_id: str, case_id: int | None, cipher: Cipher | None = None) -> str:
    """The token of a link for this conversation: with the cipher a live link that is no device's yet is given out again and lasts longer, else it is new."""
    expires_at = clock_now() + timedelta(minutes=settings().location_link_minutes)
    if cipher is not None and (row := await places.live_link(tx, conversation_id, clock_now())) is not None:
        await places.extend_link(tx, row["token_hash"], expires_at, case_id)
        return cipher.open(row["sealed_token"], LINK)
    token = new_token()
    await places.insert_link(
        tx,
        token_hash=hash_token(token),
        sealed_token=cipher.seal(token, LINK) if cipher else None,
        conversation_id=conversation_id,
        case_id=case_id,
        expires_at=expires_at,
    )
    return token


async def open_link(connection: Connection, token: str) -> LinkState:
    """Look at a link; changes nothing, because messengers and mail programs open links before people do.

    Raises:
        AppError: ``link_expired``, in the same words for a token that never was.
    """
    row = await _live(connection, token)
    return LinkState(row["conversation_id"], row["case_id"], row["expires_at"], row["device_hash"] is not None)


async def _live(connection: Connection, token: str) -> Row:
    row = await places.link(connection, hash_token(token))
    if row is None or row["revoked_at"] is not None or row["expires_at"] <= clock_now():
        raise AppError("link_expired")
    return row


async def _bound(tx: Connection, token: str, device: str) -> Row:
    """The live link, if it is this device's or nobody's yet; all others are refused alike, so that nobody learns that a person has used one.

    Raises:
        AppError: ``link_expired`` or ``invalid_request``.
    """
    if not device or len(device) > MAX_DEVICE_CHARS:
        raise AppError("invalid_request", field="device")
    row = await places.bind_link(tx, hash_token(token), hash_token(device), clock_now())
    if row is None:
        raise AppError("link_expired")
    return row


async def consent(tx: Connection, token: str, device: str, text_version: str = CONSENT_LINK) -> int:
    """The citizen agrees; the link is this device's from now on. Agreeing twice is agreeing once.

    Raises:
        AppError: ``link_expired`` or ``invalid_request``.
    """
    row = await _bound(tx, token, device)
    if await places.consent_stands(tx, row["consent_id"]):
        return int(row["consent_id"])
    consent_id = await places.insert_consent(tx, row["conversation_id"], text_version)
    await places.set_link_consent(tx, row["token_hash"], consent_id)
    await _tell(tx, row["conversation_id"], "place_consent", {"consent_id": consent_id})
    return consent_id


async def _consented(tx: Connection, token: str, device: str) -> Row:
    if (await _live(tx, token))["device_hash"] is None:
        raise AppError("consent_required")
    row = await _bound(tx, token, device)
    if not await places.consent_stands(tx, row["consent_id"]):
        raise AppError("consent_required")
    return row


async def record_fix(tx: Connection, cipher: Cipher, token: str, device: str, fix: GeoFix) -> int:
    """Store a place sent through a link; its number.

    Raises:
        AppError: ``consent_required`` besides those of :func:`consent`.
    """
    row = await _consented(tx, token, device)
    await _keep_alive(tx, row)
    return await _store_fix(tx, cipher, row["conversation_id"], row["consent_id"], fix)


async def record_typed(tx: Connection, cipher: Cipher, token: str, device: str, text: str) -> int:
    """Store a place in the citizen's own words.

    Raises:
        AppError: ``empty_message``, ``too_long``, and those of :func:`record_fix`.
    """
    words = text.strip()
    if not words:
        raise AppError("empty_message")
    if len(words) > MAX_TYPED_CHARS:
        raise AppError("too_long")
    row = await _consented(tx, token, device)
    await _keep_alive(tx, row)
    now = clock_now()
    fix_id = await places.insert_fix(
        tx,
        conversation_id=row["conversation_id"],
        consent_id=row["consent_id"],
        kind="typed",
        place=cipher.seal(json.dumps({"text": words}, ensure_ascii=False), PLACE),
        coarse_cell=None,
        radius_m=None,
        confidence="low",
        method="typed",
        datum="WGS84",
        source="locate",
        fixed_at=now,
        expires_at=now + kept_for(),
    )
    await announce_place(tx, row["conversation_id"], fix_id, "typed", None)
    await _raise_for(tx, cipher, row["conversation_id"], words)
    return fix_id


async def _raise_for(tx: Connection, cipher: Cipher, conversation_id: str, words: str) -> None:
    """Whoever writes "모르겠어요 차에 갇혔어요 살려주세요" where a place is asked for calls for help; no other part reads these words."""
    calls = [hit for hit in hits(normalise(words)) if hit.is_certain and not hit.is_softened]
    if not calls:
        return
    talk = await conversation.get(tx, conversation_id)
    worst = min((hit.urgency for hit in calls), key=lambda urgency: urgency.rank)
    category = next((str(hit.category) for hit in calls if hit.category), Category.OTHER.value)
    reason = ",".join(f"rule:{hit.name}" for hit in calls)
    await open_or_raise(
        tx, cipher, conversation_id, worst.value, category, reason, language=talk["language"], country=talk["country"], synthetic=talk["synthetic"]
    )


async def record_message_fix(
    tx: Connection, cipher: Cipher, conversation_id: str, content: dict[str, Any] | None, *, channel: str = "webchat", consent: str = CONSENT_CHAT
) -> int | None:
    """Store the place that came as a message of the chat, where tapping the button is the consent; None when it is unusable.

    What a Chinese map has shifted is put back, so that everything that is stored from here is in one system.
    """
    if not content:
        return None
    try:
        fix = checked_fix(
            content.get("lat"),
            content.get("lon"),
            content.get("accuracy_m"),
            now=clock_now(),
            fixed_at=content.get("fixed_at"),
            method="device",
            datum=str(content.get("datum") or "WGS84"),
            source=channel,
        )
    except AppError:
        return None
    lat, lon = to_wgs84(fix.lat, fix.lon, fix.datum)
    consent_id = await places.insert_consent(tx, conversation_id, consent)
    return await _store_fix(tx, cipher, conversation_id, consent_id, replace(fix, lat=lat, lon=lon, datum="WGS84"))


async def record_reported_fix(tx: Connection, cipher: Cipher, conversation_id: str, content: dict[str, Any], *, channel: str) -> int | None:
    """Store the place that a platform reports by itself of somebody who has allowed it to, while an emergency of theirs is open; else None."""
    case = await repository.case_of_place(tx, conversation_id, lock=True)
    if case is None or case["severity"] not in ("life_threat", "urgent"):
        return None
    return await record_message_fix(tx, cipher, conversation_id, content, channel=channel, consent=CONSENT_PLATFORM)


async def stop(tx: Connection, token: str, device: str) -> None:
    """The citizen stops sending; what was sent stays until it expires, a new consent may follow.

    Raises:
        AppError: those of :func:`consent`.
    """
    row = await _bound(tx, token, device)
    await places.stop_consent(tx, row["consent_id"])
    await places.set_link_consent(tx, row["token_hash"], None)
    await _tell(tx, row["conversation_id"], "place_stopped", {})


async def latest_fix(tx: Connection, cipher: Cipher, conversation_id: str, viewer: Staff, *, address: str = "") -> Place | None:
    """The newest place with coordinates, for someone who may see it; that they saw it is written down.

    Raises:
        AppError: ``forbidden``.
    """
    found = await seen_places(tx, cipher, conversation_id, viewer, address=address)
    return found.fix


@dataclass(frozen=True)
class Seen:
    """What a viewer was shown: the newest place, the newest words, and the way there (oldest first)."""

    fix: Place | None
    typed: Place | None
    track: list[Place]


async def seen_places(tx: Connection, cipher: Cipher, conversation_id: str, viewer: Staff, *, address: str = "") -> Seen:
    """Everything about where a citizen is, for someone who may see it; one row for the citizen and one in the access log per look.

    Of a case with others merged into it, the newest of all; the way is that of whoever sent it.

    Raises:
        AppError: ``forbidden``.
    """
    case = await access_location(tx, conversation_id, viewer)
    talks = await repository.talks(tx, case["id"]) if case["conversation_id"] == conversation_id else [conversation_id]
    at = clock_now()
    fixes = await places.kept(tx, talks, "fix", TRACK, at)
    typed = await places.kept(tx, talks, "typed", 1, at)
    for newest in fixes[:1] + typed:
        if await places.insert_view(tx, newest["conversation_id"], case["id"], newest["id"], viewer.id, ONE_LOOK_S):
            await audit.record(
                tx,
                viewer.login,
                address,
                "location.view",
                case["id"],
                subject=cipher.pseudonym(newest["conversation_id"]),
                detail={"fix_id": newest["id"]},
            )
    way = [place_of(row, cipher) for row in fixes if row["conversation_id"] == fixes[0]["conversation_id"]]
    track = [place for place in way[::-1] if place.method != TYPED]
    return Seen(way[0] if way else None, place_of(typed[0], cipher) if typed else None, track)


async def views_for_citizen(connection: Connection, conversation_id: str) -> list[View]:
    """Who has looked, for the citizen who asks: the kind of person, never the name."""
    return [View(_kind(row["roles"]), row["viewed_at"]) for row in await places.views(connection, conversation_id)]


def _kind(roles: list[str]) -> str:
    for role in (Role.AGENT, Role.OFFICER, Role.SUPERVISOR):
        if role.value in roles:
            return role.label
    return "직원"


async def revoke(tx: Connection, conversation_id: str) -> int:
    """End every link of a conversation."""
    return await places.revoke_links(tx, conversation_id)


async def purge_expired(tx: Connection, now: datetime) -> int:
    """Erase exact places whose time is over; how many."""
    return await places.purge(tx, now)


async def erase(tx: Connection, conversation_id: str) -> int:
    """Erase every place of a conversation, for the citizen's erasure."""
    await places.revoke_links(tx, conversation_id)
    return await places.erase(tx, conversation_id)


def kept_for() -> timedelta:
    """How long an exact place is kept."""
    return timedelta(hours=settings().location_ttl_hours)


async def _keep_alive(tx: Connection, link: Row) -> None:
    """While someone sends, the link does not end under their hands; at most as long as a place is kept."""
    wished = clock_now() + timedelta(minutes=settings().location_link_minutes)
    await places.extend_link(tx, link["token_hash"], min(wished, link["created_at"] + kept_for()))


async def _store_fix(tx: Connection, cipher: Cipher, conversation_id: str, consent_id: int | None, fix: GeoFix) -> int:
    now = clock_now()
    recent = await places.received_since(tx, conversation_id, "fix", now - SHORTEST_GAP)
    if recent is not None and not _tells_more(fix, recent):
        return int(recent["id"])
    fix_id = await places.insert_fix(
        tx,
        conversation_id=conversation_id,
        consent_id=consent_id,
        kind="fix",
        place=cipher.seal(json.dumps({"lat": fix.lat, "lon": fix.lon}), PLACE),
        coarse_cell=coarse_cell(fix.lat, fix.lon),
        radius_m=fix.radius_m,
        confidence=fix.confidence,
        method=fix.method,
        datum=fix.datum,
        source=fix.source,
        fixed_at=fix.fixed_at,
        expires_at=now + kept_for(),
    )
    await announce_place(tx, conversation_id, fix_id, "fix", fix)
    return fix_id


def _tells_more(fix: GeoFix, recent: Row) -> bool:
    """Whether a place that comes at once after another is none of a flood: taken later, since what waited for a line comes together, or sharper."""
    later = fix.fixed_at - recent["fixed_at"]
    is_sharper = fix.radius_m is not None and (recent["radius_m"] is None or fix.radius_m <= recent["radius_m"] / 2)
    return later >= SHORTEST_GAP or (is_sharper and later > -SHORTEST_GAP)


async def announce_place(tx: Connection, conversation_id: str, fix_id: int, kind: str, fix: GeoFix | None) -> None:
    """Tell the desks that there is a place (not where), and name the country if nobody has and there is no doubt about it.

    The conversation knows it too: a place that came before any danger names the country of the case that opens later. What was merged into a case
    names none for it.
    """
    case = await repository.case_of_place(tx, conversation_id, lock=True)
    is_own = case is not None and case["conversation_id"] == conversation_id
    country = _country(fix)
    is_named = case is not None and is_own and case["country"] not in (None, HOME, country)
    if country is not None and not is_named:
        await database.run(tx, _PLACED, country, conversation_id)
    if case is None:
        return
    if country is not None and is_own and case["country"] in (None, HOME):
        case = await repository.set_country(tx, case["id"], country) or case
        await ladder.moved(tx, case)
    await announce(tx, "place", case, fix_id=fix_id, place_kind=kind)


def _country(fix: GeoFix | None) -> str | None:
    if fix is None or fix.confidence == "low":
        return None
    found = countries_at(fix.lat, fix.lon, fix.radius_m)
    return found[0].country if len(found) == 1 and found[0].country != HOME else None  # a sender who sits in Korea most likely writes for someone else


async def _tell(tx: Connection, conversation_id: str, kind: str, payload: dict[str, Any]) -> None:
    case = await repository.case_of_place(tx, conversation_id)
    if case is not None:
        await events.append(tx, case_stream(case["id"]), kind, {"case_id": case["id"]} | payload)


def place_of(row: Row, cipher: Cipher) -> Place:
    """A stored place, opened; whoever calls answers for the view being recorded."""
    content = json.loads(cipher.open(row["place"], PLACE))
    return Place(
        fix_id=row["id"],
        kind=row["kind"],
        lat=content.get("lat"),
        lon=content.get("lon"),
        radius_m=row["radius_m"],
        confidence=row["confidence"],
        method=row["method"],
        datum=row["datum"],
        source=row["source"],
        text=content.get("text", ""),
        fixed_at=row["fixed_at"],
        received_at=row["received_at"],
        expires_at=row["expires_at"],
    )
