"""What staff make of a place: a typed town put on the map, and the place handed on in another form. Each is written down."""

from __future__ import annotations

import json

from accounts.schemas import Staff
from core import audit
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from handoff import exports, geocoding, location, places, repository
from handoff.access import access_writable_case
from handoff.geography import coarse_cell


async def pick_typed(tx: Connection, cipher: Cipher, case_id: int, staff: Staff, fix_id: int, town_id: int, *, address: str = "") -> int:
    """Put the town that a citizen typed on the map, because a person has chosen it; never more than a low-confidence circle, kept as long as the words.

    A device's place is better than any town, so nothing is put over one.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``illegal_move``, or ``invalid_request`` when the words do not name this town.
    """
    case = await access_writable_case(tx, case_id, staff, lock=True)
    talks, at = await repository.talks(tx, case["id"]), clock_now()
    typed = next((row for row in await places.kept(tx, talks, "typed", location.TRACK, at) if row["id"] == fix_id), None)
    if typed is None:
        raise AppError("not_found")
    newest = await places.kept(tx, talks, "fix", 1, at)
    if newest and newest[0]["method"] != location.TYPED:
        raise AppError("illegal_move")
    chosen = geocoding.candidate(location.place_of(typed, cipher).text, town_id)
    if chosen is None:
        raise AppError("invalid_request", field="town")
    conversation_id = typed["conversation_id"]
    picked = await places.insert_fix(
        tx,
        conversation_id=conversation_id,
        consent_id=typed["consent_id"],
        kind="fix",
        place=cipher.seal(json.dumps({"lat": chosen.town.lat, "lon": chosen.town.lon}), location.PLACE),
        coarse_cell=coarse_cell(chosen.town.lat, chosen.town.lon),
        radius_m=chosen.radius_m,
        confidence="low",
        method=location.TYPED,
        datum="WGS84",
        source="desk",
        fixed_at=typed["fixed_at"],
        expires_at=typed["expires_at"],
    )
    await location.announce_place(tx, conversation_id, picked, "fix", None)
    await audit.record(tx, staff.login, address, "location.pick", case_id, subject=cipher.pseudonym(conversation_id), detail={"fix_id": picked})
    return picked


async def exported(tx: Connection, cipher: Cipher, case_id: int, viewer: Staff, form: exports.Form, *, address: str = "") -> str:
    """The newest place as text to hand on; that it was seen, and handed on in which form, is written down.

    Raises:
        AppError: ``not_found`` (also: no coordinates) or ``forbidden``.
    """
    case = await repository.case(tx, case_id)
    if case is None:
        raise AppError("not_found")
    place = await location.latest_fix(tx, cipher, case["conversation_id"], viewer, address=address)
    if place is None or place.lat is None:
        raise AppError("not_found")
    subject = cipher.pseudonym(case["conversation_id"])
    detail = {"fix_id": place.fix_id, "form": form.value}
    await audit.record(tx, viewer.login, address, "location.export", case_id, subject=subject, detail=detail)
    return exports.export(place, case_id, form)
