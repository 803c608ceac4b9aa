"""``gildongmu bench import``: notices a second from files into the database, in every format, the encoder left out (an import needs none)."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.documents import csv_rows, docx, html, hwp, hwpx, notice, pdf
from bench.documents.pdf import lines
from core.db import Database
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import Settings
from knowledge_base import commands

NOTICES_A_FILE = 500
DOCUMENTS_A_FORMAT = 40


def _files(folder: Path) -> dict[str, tuple[Path, int]]:
    """A folder for each format, and how many notices are in it."""
    made: dict[str, tuple[Path, int]] = {}

    def put(kind: str, files: dict[str, bytes], notices: int) -> None:
        (folder / kind).mkdir()
        for name, raw in files.items():
            (folder / kind / name).write_bytes(raw)
        made[kind] = (folder / kind, notices)

    body = "2026년 3월 1일부터 여권 발급 수수료가 바뀝니다. 신청할 때 확인하십시오.\n\n| 종류 | 국내 |\n|---|---|\n| 긴급여권 | 48,000원 |\n"
    rows = [{"id": f"bench-{n}", "title": f"여권 안내 {n}", "body": body, "published_at": "2026-01-10"} for n in range(NOTICES_A_FILE)]
    put("jsonl", {"a.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()}, NOTICES_A_FILE)
    table = [("번호", "제목", "내용", "게시일"), *((f"csv-{n}", f"여권 안내 {n}", body, "2026. 3. 1.") for n in range(NOTICES_A_FILE))]
    put("csv", {"a.csv": csv_rows(table, "cp949")}, NOTICES_A_FILE)
    count = range(DOCUMENTS_A_FORMAT)
    for kind, writer in (("hwp", hwp), ("hwpx", hwpx), ("docx", docx), ("html", html)):
        put(kind, {f"{kind}-{n}.{kind}": writer(notice(f"여권 안내 {n}", n)) for n in count}, DOCUMENTS_A_FORMAT)
    pages = {f"pdf-{n}.pdf": pdf([lines([f"여권 안내 {n}", "수수료가 바뀝니다.", ("종류", "국내"), ("긴급여권", "48,000원")])]) for n in count}
    put("pdf", pages, DOCUMENTS_A_FORMAT)
    return made


async def _measure(dsn: str, made: dict[str, tuple[Path, int]]) -> dict[str, float]:
    db = await Database.open(dsn, min_size=1, max_size=4)
    seconds: dict[str, float] = {}
    try:
        for kind, (folder, _) in made.items():
            started = time.monotonic()
            out = io.StringIO()
            if await commands.import_paths(db, Settings(environment="development"), [folder], out):
                raise RuntimeError(f"{kind}: a file was refused: {out.getvalue()[-500:]}")
            seconds[kind] = time.monotonic() - started
    finally:
        await db.close()
    return seconds


def main(seconds: int) -> int:
    """Measure; ``seconds`` is for the other benchmarks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files").mkdir()
        made = _files(folder / "files")
        with EmbeddedPostgres(folder / "state") as server:
            migrate(server.dsn)
            took = asyncio.run(_measure(server.dsn, made))
    total = sum(count for _, count in made.values())
    result = {
        "notices_per_s": round(total / sum(took.values()), 1),
        "notices": total,
        "by_format": {kind: round(made[kind][1] / value, 1) for kind, value in took.items()},
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0
