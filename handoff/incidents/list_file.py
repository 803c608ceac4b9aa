"""The list of people as a file for a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io

from core.clock import now as clock_now
from handoff.board.csv_file import BOM, safe
from handoff.board.definitions import ZONE
from handoff.incidents.schemas import SAID_BY, STATES, Picture


def build(found: Picture) -> str:
    """One person a line; words of staff are cells that a spreadsheet never runs."""
    target = io.StringIO()
    write = csv.writer(target, lineterminator="\r\n").writerow
    counts = found.counts()
    write([f"# 사고 {found.incident.id}: {found.incident.title}"])
    write([f"# 뽑은 때: {clock_now().astimezone(ZONE):%Y-%m-%d %H:%M} (서울)"])
    write(["# " + " · ".join(f"{STATES[code]} {number}" for code, number in counts.items())])
    write(["# 상태는 적힌 사람이 말한 것입니다. ‘안전’이어도 상담은 닫히지 않습니다."])
    write(["번호", "상담", "이름", "상태", "누가 말함", "적은 사람", "말한 때(서울)"])
    for person in found.people:
        write(
            [
                person.id,
                person.case_id or "",
                safe(person.name) if person.name else "",
                STATES[person.state],
                SAID_BY[person.said_by],
                safe(person.recorded_by_name or ""),
                f"{person.said_at.astimezone(ZONE):%Y-%m-%d %H:%M}",
            ]
        )
    return BOM + target.getvalue()
