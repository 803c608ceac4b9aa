"""How PostgreSQL would go about a statement whose plan is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core import db as database
from core.db import Database


async def read_through(db: Database, statement: str, tables: set[str]) -> list[tuple[str, str]]:
    """What the statement reads without a condition that an index answers, planned while ``tables`` are new; it must look at all of them."""
    async with db.read() as connection, connection.transaction(force_rollback=True):
        await database.run(connection, f"TRUNCATE {', '.join(sorted(tables))} CASCADE")
        rows = await database.rows(connection, f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {_numbered(statement)}")
    scans = [node for node in _nodes(rows[0]["QUERY PLAN"][0]["Plan"]) if node["Node Type"].endswith("Scan") and {"Relation Name", "Index Name"} & node.keys()]
    assert {node.get("Relation Name") for node in scans} >= tables
    return [(node["Node Type"], node.get("Relation Name", "")) for node in scans if "Index Cond" not in node and node["Node Type"] != "Bitmap Heap Scan"]


def _numbered(statement: str) -> str:
    """With $1, $2 … for what psycopg fills in."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1] or f"place {len(names)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%(?:\((\w+)\))?s", number, statement)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
