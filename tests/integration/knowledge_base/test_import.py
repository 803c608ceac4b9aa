"""``gildongmu kb import`` on a real database: what is published, what becomes a draft, what is kept, and what is refused by name."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bench.documents import csv_rows, docx, html, hwp, hwpx, notice, pdf
from bench.documents.pdf import lines
from core.db import Database, rows
from core.settings import Settings
from knowledge_base import commands, publishing, repository
from knowledge_base.editing.commands import revert
from knowledge_base.editing.repository import set_review_by
from knowledge_base.editing.service import draft

SETTINGS = Settings(environment="development", import_max_mb=1)
ROW = {"id": "n1", "title": "제목", "body": "본문입니다.", "published_at": "2026-01-10"}
PDF = pdf([lines(["여권 안내 제목", "게시일: 2026. 3. 1.", "2026년 3월 1일부터 여권 수수료가 바뀝니다."])])


async def brought(db: Database, *paths: Path, settings: Settings = SETTINGS) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    out, progress = io.StringIO(), io.StringIO()
    code = await commands.import_paths(db, settings, paths, out, progress)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], [json.loads(line) for line in progress.getvalue().splitlines()]


async def stored(db: Database) -> dict[str, tuple[str, int]]:
    async with db.read() as connection:
        return {row["id"]: (row["status"], row["version"]) for row in reversed(await repository.listing(connection))}


async def corrected(db: Database, *ids: str) -> None:
    """An editor publishes another text of each."""
    async with db.transaction() as tx:
        for notice_id in ids:
            known = await repository.newest(tx, notice_id)
            assert known is not None
            number = await draft(tx, replace(known[0].content, body="바로잡은 본문입니다."), "kim")
            await publishing.publish(tx, notice_id, number, "kim", "development")


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


DOCUMENTS = {
    "a.hwp": hwp(notice()),
    "b.hwpx": hwpx(notice("여권 신청 안내")),
    "c.docx": docx(notice("여권 분실 안내")),
    "안/d.html": html(notice("여권 재발급 안내"), "euc-kr"),
    "e.pdf": PDF,
    "f.csv": csv_rows([("번호", "제목", "내용", "게시일"), ("f1", "가", "나입니다.", "2026-01-01"), ("f2", "다", "라입니다.", "")], "cp949"),
}


class TestDocuments:
    async def test_each_format_becomes_a_draft_with_its_file(self, db: Database, tmp_path: Path) -> None:
        code, results, progress = await brought(db, write(tmp_path, DOCUMENTS))
        assert code == 0
        assert {row["outcome"] for row in results} == {"draft"}
        assert await stored(db) == dict.fromkeys(("a.hwp", "b.hwpx", "c.docx", "d.html", "e.pdf", "f1", "f2"), ("draft", 1))
        assert [(row["file"], row["format"], row["notices"], row["outcome"]) for row in progress] == [
            ("a.hwp", "hwp", 1, "taken"),
            ("b.hwpx", "hwpx", 1, "taken"),
            ("c.docx", "docx", 1, "taken"),
            ("e.pdf", "pdf", 1, "taken"),
            ("f.csv", "csv", 2, "taken"),
            ("d.html", "html", 1, "taken"),
        ]
        assert [(row["done"], row["of"]) for row in progress] == [(n, 6) for n in range(1, 7)]
        async with db.read() as connection:
            for notice_id, name in (("a.hwp", "a.hwp"), ("f1", "f.csv"), ("f2", "f.csv")):
                (file,) = await repository.attachments(connection, notice_id, 1)
                assert (file.name, file.size) == (name, len(DOCUMENTS[name]))
                assert await repository.attachment_content(connection, file.sha256) == DOCUMENTS[name]
            assert len(await rows(connection, "SELECT 1 FROM attachment_files")) == 6
            (first,) = await repository.history(connection, "a.hwp")
            assert first["to_status"] == "draft"
            assert first["reason"].startswith("from a.hwp (application/x-hwp, sha256 ")
            assert await repository.official(connection, with_test_only=True) == []
        async with db.transaction() as tx:
            known = await repository.newest(tx, "f2")
            assert known is not None
            assert known[0].content.review_by is not None
            (file,) = await repository.attachments(tx, "f2", 1)
            assert any("게시일" in warning for warning in file.warnings)

    async def test_a_second_time_changes_nothing_and_a_new_text_is_a_new_version(self, db: Database, tmp_path: Path) -> None:
        folder = write(tmp_path, DOCUMENTS)
        await brought(db, folder)
        _, results, _ = await brought(db, folder)
        assert {row["outcome"] for row in results} == {"unchanged"}
        (tmp_path / "a.hwp").write_bytes(hwp(notice(number=7)))
        _, results, _ = await brought(db, folder)
        assert [(row["id"], row["version"]) for row in results if row["outcome"] == "draft"] == [("a.hwp", 2)]

    async def test_a_second_time_leaves_an_editors_correction_alone(self, db: Database, tmp_path: Path) -> None:
        table = [("번호", "제목", "내용"), ("f1", "가", "나입니다."), ("f2", "다", "라입니다.")]
        folder = write(tmp_path, {"a.hwp": hwp(notice()), "f.csv": csv_rows(table)})
        await brought(db, folder)
        await corrected(db, "a.hwp", "f1", "f2")
        _, results, _ = await brought(db, folder)
        assert {row["outcome"] for row in results} == {"unchanged"}
        # The table with another row changed says nothing new of the first.
        write(tmp_path, {"a.hwp": hwp(notice(number=7)), "f.csv": csv_rows([*table[:2], ("f2", "다", "새 라입니다.")])})
        _, results, _ = await brought(db, folder)
        assert [(row["id"], row["outcome"]) for row in results] == [("a.hwp", "draft"), ("f1", "unchanged"), ("f2", "draft")]

    async def test_a_grown_table_leaves_renewed_and_corrected_rows_alone(self, db: Database, tmp_path: Path) -> None:
        table = [("번호", "제목", "내용"), ("f1", "가", "나입니다."), ("f2", "다", "라입니다."), ("f3", "마", "바입니다.")]
        await brought(db, write(tmp_path, {"f.csv": csv_rows(table)}))
        later = date(2027, 3, 1)
        async with db.transaction() as tx:
            await publishing.publish(tx, "f1", 1, "kim", "development")
        await corrected(db, "f2")
        async with db.transaction() as tx:
            await set_review_by(tx, "f1", 1, later)
            await set_review_by(tx, "f2", 2, later)
            known = await repository.newest(tx, "f3")
            assert known is not None
            await draft(tx, replace(known[0].content, body="바로잡은 본문입니다.", published_at=later, effective_from=later, review_by=None), "kim")
        _, results, _ = await brought(db, write(tmp_path, {"f.csv": csv_rows([*table, ("f4", "사", "아입니다.")])}))
        assert [(row["id"], row["outcome"]) for row in results] == [("f1", "unchanged"), ("f2", "unchanged"), ("f3", "unchanged"), ("f4", "draft")]
        # What the table does say is news.
        dated = [("번호", "제목", "내용", "게시일"), ("f1", "가", "나입니다.", "2026-01-02"), ("f2", "다", "라입니다.", "")]
        _, results, _ = await brought(db, write(tmp_path, {"f.csv": csv_rows(dated)}))
        assert [(row["id"], row["outcome"]) for row in results] == [("f1", "draft"), ("f2", "unchanged")]

    async def test_a_draft_can_be_published(self, db: Database, tmp_path: Path) -> None:
        await brought(db, write(tmp_path, {"a.hwp": hwp(notice())}))
        async with db.transaction() as tx:
            await publishing.publish(tx, "a.hwp", 1, "kim", "development")
        assert await stored(db) == {"a.hwp": ("published", 1)}


class TestNotices:
    async def test_a_second_time_leaves_an_editors_correction_alone(self, db: Database, tmp_path: Path) -> None:
        folder = write(tmp_path, {"a.jsonl": json.dumps(ROW).encode()})
        await brought(db, folder)
        await corrected(db, "n1")
        _, (row,), _ = await brought(db, folder)
        assert (row["outcome"], row["version"]) == ("unchanged", 2)
        assert await stored(db) == {"n1": ("published", 2)}

    async def test_a_text_that_came_before_the_last_one_is_brought_anew(self, db: Database, tmp_path: Path) -> None:
        for body in ("하나입니다.", "둘입니다.", "하나입니다."):
            _, (row,), _ = await brought(db, write(tmp_path, {"a.jsonl": json.dumps({**ROW, "body": body}).encode()}))
            assert row["outcome"] == "imported"
        assert await stored(db) == {"n1": ("published", 3)}

    async def test_a_return_to_an_older_text_from_the_command_line_is_an_editors_too(self, db: Database, tmp_path: Path) -> None:
        for body in ("하나입니다.", "둘입니다."):
            folder = write(tmp_path, {"a.jsonl": json.dumps({**ROW, "body": body}).encode()})
            await brought(db, folder)
        assert await revert(db, SETTINGS, "n1", 1, io.StringIO()) == 0
        assert await commands.publish(db, SETTINGS, ["n1"], io.StringIO()) == 0
        _, (row,), _ = await brought(db, folder)
        assert (row["outcome"], await stored(db)) == ("unchanged", {"n1": ("published", 3)})

    async def test_what_no_database_takes_is_refused_and_the_rest_comes_in(self, db: Database, tmp_path: Path) -> None:
        odd = [{"topics": ["\x00"]}, {"supersedes": ["\ud800"]}, {"id": "\ud800"}, {"review_by": "9999-12-31"}, {"id": "n2"}]
        files = {
            "a.md": b"---\ntitle: t\npublished_at: 2026-02-30\n---\ntext",
            "b.jsonl": b"\n".join(json.dumps({**ROW, **changes}).encode() for changes in odd),
        }
        code, results, _ = await brought(db, write(tmp_path, files))
        assert (code, [row.get("code") for row in results]) == (1, ["bad_date", "bad_notice", "bad_notice", "bad_notice", "bad_date", None])
        assert await stored(db) == {"n2": ("published", 1)}


class TestRefusals:
    async def test_bad_files_are_named_and_the_rest_comes_in(self, db: Database, tmp_path: Path) -> None:
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", b"<a>" + b" " * 40_000_000 + b"</a>")
        code, results, progress = await brought(
            db,
            write(
                tmp_path,
                {
                    "01.hwp": hwp(notice(), version=(7, 0, 0, 0)),
                    "02.hwp": hwp(notice(), flags=3),
                    "03.docx": bomb.getvalue(),
                    "04.pdf": b"%PDF-1.7 broken",
                    "05.pdf": pdf([[]], picture=True),
                    "06.pdf": b"%PDF-1.7" + bytes(1_100_000),
                    "07.hwpx": hwpx(notice()),
                    "08.csv": csv_rows([("제목", "내용", "시행일", "만료일"), ("가", "나", "2026-03-01", "2026-02-01"), ("다", "라", "", "")]),
                    "09.jsonl": b"\n".join(json.dumps(row).encode() for row in (ROW, {**ROW, "title": "다른 제목"}, {**ROW, "id": 12})),
                    "10.jsonl": json.dumps({**ROW, "id": "n2", "expires_at": "2026-01-01"}).encode(),
                },
            ),
            tmp_path / "gone.pdf",
        )
        assert code == 1
        codes = [(row.get("file", row["id"]), row["code"]) for row in results if "error" in row]
        assert codes == [
            ("01.hwp", "file_version_unknown"),
            ("02.hwp", "file_encrypted"),
            ("03.docx", "file_bomb"),
            ("04.pdf", "file_broken"),
            ("05.pdf", "file_scanned"),
            ("06.pdf", "file_too_large"),
            ("08.csv", "dates_contradict"),
            ("n1", "duplicate_id"),
            ("n2", "dates_contradict"),
            ("gone.pdf", "file_missing"),
        ]
        assert all(row["message"] and row["error"] for row in results if "error" in row)
        after = await stored(db)
        assert {key: status for key, (status, _) in after.items() if not key.startswith("08")} == {"07.hwpx": "draft", "n1": "published", "12": "published"}
        assert [row["outcome"] for row in progress if row["file"] in ("07.hwpx", "08.csv", "09.jsonl", "10.jsonl")] == ["taken", "partly", "partly", "refused"]
        assert [row["file"] for row in progress][-1] == "gone.pdf"

    async def test_a_name_that_is_no_utf8_is_refused_and_the_rest_comes_in(self, db: Database, tmp_path: Path) -> None:
        names = ["a\udcff.md", "b\udcff.jsonl", "c\udcff.csv"]
        ready = b"---\nid: n2\ntitle: t\npublished_at: 2026-01-10\n---\ntext"
        table = csv_rows([("제목", "내용"), ("가", "나입니다.")])
        folder = write(tmp_path, dict(zip([*names, "d.jsonl"], [ready, json.dumps(ROW).encode(), table, json.dumps(ROW).encode()], strict=True)))
        code, results, progress = await brought(db, folder, folder / "gone\udcff.md")
        assert code == 1
        named = [("a?.md", "file_missing"), ("b?.jsonl", "file_missing"), ("c?.csv", "file_missing"), ("n1", None), ("gone?.md", "file_missing")]
        assert [(row["id"], row.get("code")) for row in results] == named
        assert [row["outcome"] for row in progress] == ["refused", "refused", "refused", "taken", "refused"]
        assert await stored(db) == {"n1": ("published", 1)}

    async def test_equal_rows_twice_are_no_conflict(self, db: Database, tmp_path: Path) -> None:
        folder = write(tmp_path, {"a.jsonl": json.dumps(ROW).encode() + b"\n" + json.dumps(ROW).encode()})
        code, results, _ = await brought(db, folder)
        assert (code, [row["outcome"] for row in results]) == (0, ["imported", "unchanged"])

    async def test_a_loop_of_supersedes_across_files(self, db: Database, tmp_path: Path) -> None:
        first = csv_rows([("번호", "제목", "내용", "대체"), ("x", "가", "나", "y")])
        second = csv_rows([("번호", "제목", "내용", "대체"), ("y", "다", "라", "x"), ("z", "마", "바", "")])
        code, results, _ = await brought(db, write(tmp_path, {"1.csv": first, "2.csv": second}))
        assert code == 1
        assert [row.get("code", row.get("outcome")) for row in results] == ["draft", "supersedes_loop", "draft"]

    async def test_numbers_as_ids(self, db: Database, tmp_path: Path) -> None:
        both = [{**ROW, "id": 12}, {**ROW, "id": 13, "supersedes": [12], "title": "새 제목"}]
        code, results, _ = await brought(db, write(tmp_path, {"a.jsonl": b"\n".join(json.dumps(row).encode() for row in both)}))
        assert (code, [row["id"] for row in results]) == (0, ["12", "13"])
        assert await stored(db) == {"12": ("superseded", 1), "13": ("published", 1)}


@pytest.mark.parametrize("name", ["a.exe", "b.xlsx"])
async def test_other_kinds_are_refused_when_named_and_passed_over_in_folders(db: Database, tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, {name: b"MZ"})
    assert (await brought(db, folder))[0] == 0
    code, (row,), _ = await brought(db, folder / name)
    assert (code, row["code"]) == (1, "file_type_unknown")
