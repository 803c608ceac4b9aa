"""The card of a case: all that an agent must see at once, gathered for one viewer."""

from __future__ import annotations

from datetime import datetime

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.schemas import AuthorKind
from core import audit
from core import db as database
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import repository
from handoff.abuse.rests import counted
from handoff.access import access_case
from handoff.geocoding import Candidate, NearTown, candidates
from handoff.geography import countries_at, local_time, time_zone_at
from handoff.hand_on import service as hand_on
from handoff.jurisdiction import service as jurisdiction
from handoff.jurisdiction.competence import Place as Spot
from handoff.jurisdiction.duty import missions_now
from handoff.location import ONE_LOOK_S, TYPED, Seen, seen_places
from handoff.moves import SUMMARY, notes
from handoff.near_town import nearest_town
from handoff.phone import service as phone
from handoff.phone.caller import CHANNEL
from handoff.records import consent_service
from handoff.repository import Row
from handoff.schemas import CaseCard, CountryCandidate
from handoff.soon import soon
from handoff.streams import case_of
from handoff.surroundings import alarm_of, checked_numbers, notices_of

LINES = 500
MISSIONS_SHOWN = 4


async def card(tx: Connection, cipher: Cipher, case_id: int, viewer: Staff, *, address: str = "", now: datetime | None = None) -> CaseCard:
    """Everything about a case, for someone who may see it. Opening it, and seeing the place, are written down.

    Raises:
        AppError: ``not_found``, ``forbidden`` or ``restricted``.
    """
    row = await access_case(tx, case_id, viewer)
    talk = await conversation.get(tx, row["conversation_id"])
    lines = await conversation.transcript(tx, cipher, row["conversation_id"], limit=LINES)
    owner = await database.one(tx, "SELECT display_name FROM staff WHERE id = %s", row["owner_id"]) if row["owner_id"] else None
    kept_notes = await notes(tx, cipher, case_id)
    participant = await repository.is_participant(tx, row["conversation_id"], viewer.id)
    closed = row["status"] == "closed"
    seen = await _seen(tx, cipher, row, viewer, address)
    if not await repository.viewed_lately(tx, case_id, viewer.login, ONE_LOOK_S):
        detail = {"restricted": True} if row["restricted_to"] is not None else {}
        await audit.record(tx, viewer.login, address, "case.view", case_id, cipher.pseudonym(row["conversation_id"]), detail)

    at = now or clock_now()
    place = seen.fix
    point = (place.lat, place.lon) if place is not None and place.lat is not None and place.lon is not None else None
    countries = countries_at(*point, place.radius_m) if place is not None and point is not None else []
    country = row["country"] or (countries[0].country if countries else None)
    zone = time_zone_at(*point) if point else None
    missions = await jurisdiction.candidates(tx, row["country"], countries, Spot(*point, place.radius_m) if place and point else None, at)
    return CaseCard(
        case=case_of(row),
        why=tuple(part for part in row["reason"].split(",") if part),
        summary=cipher.open(row["summary"], SUMMARY) if row["summary"] else "",
        owner_name=owner["display_name"] if owner else None,
        channel=talk["channel"],
        conversation_open=talk["status"] == "open",
        transcript=lines,
        bot_lines=[line for line in lines if line.author_kind == AuthorKind.BOT],
        attempts=sum(line.author_kind == AuthorKind.CITIZEN for line in lines),
        place=place,
        typed_place=seen.typed,
        track=seen.track,
        countries=countries,
        country_conflict=_conflict(row["country"], countries),
        time_zone=zone,
        local_time=local_time(zone, at),
        missions=missions,
        numbers=await checked_numbers(tx, country, at),
        alarm_level=await alarm_of(tx, country),
        notes=kept_notes,
        may_write=not closed and (row["owner_id"] == viewer.id or participant),
        missions_now=await missions_now(tx, missions[:MISSIONS_SHOWN], at),
        towns=await _towns(seen, row["country"]),
        near_town=await _near_town(point, countries),
        notices=await notices_of(tx, country, at),
        handed_on=await hand_on.of_case(tx, cipher, case_id),
        abuse=await counted(tx, case_id, row["conversation_id"]),
        consents=await consent_service.of_conversation(tx, cipher, row["conversation_id"]),
        caller=await phone.caller_card(tx, cipher, row) if talk["channel"] == CHANNEL else None,
    )


async def _seen(tx: Connection, cipher: Cipher, row: Row, viewer: Staff, address: str) -> Seen:
    """The places, while the case is open, or goes on in one that it was merged into and that this viewer may see."""
    nothing = Seen(None, None, [])
    if row["status"] == "closed" and row["merged_into"] is None:
        return nothing
    try:
        return await seen_places(tx, cipher, row["conversation_id"], viewer, address=address)
    except AppError:
        if row["status"] != "closed":
            raise
        return nothing


async def _towns(seen: Seen, country: str | None) -> list[Candidate]:
    """Towns that the typed words may mean, while no device has said where it is."""
    if seen.typed is None or (seen.fix is not None and seen.fix.method != TYPED):
        return []
    text = seen.typed.text
    return await soon(lambda: candidates(text, [country] if country else []), [])


async def _near_town(point: tuple[float, float] | None, countries: list[CountryCandidate]) -> NearTown | None:
    """The town to name beside the coordinates."""
    return await soon(lambda: nearest_town(*point, [one.country for one in countries]), None) if point is not None else None


def _conflict(said: str | None, found: list[CountryCandidate]) -> bool:
    """Whether the place lies in another country than the one that was named: a relative writing from home, or a mistake."""
    return said is not None and bool(found) and said not in {candidate.country for candidate in found}
