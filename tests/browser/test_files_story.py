"""Pictures between a citizen's telephone and the desk, in a real browser."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from bot.files.work import FileWork
from conversation import guarding
from core import db as database
from core.settings import Settings
from handoff import service as handoff

pytestmark = pytest.mark.browser
PATIENT_MS = 60_000


def a_picture(*, with_place: bool = False, size: tuple[int, int] = (600, 400)) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    if with_place:
        exif[0x8825] = {1: "N", 2: (11.0, 33.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
    Image.new("RGB", size, (9, 120, 40)).save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


def a_file(content: bytes, name: str = "여권.jpg", kind: str = "image/jpeg") -> dict[str, Any]:
    return {"name": name, "mimeType": kind, "buffer": content}


@pytest.fixture
def rows(db):
    async def ask(statement: str, *values: Any) -> list[dict[str, Any]]:
        async with db.read() as connection:
            return await database.rows(connection, statement, *values)

    return ask


async def sends(page: Page, *files: dict[str, Any]) -> None:
    await page.set_input_files("#file", list(files))


async def kept(page: Page) -> int:
    """How many files wait on the device."""
    return await page.evaluate(
        """() => new Promise((done) => { const r = indexedDB.open('gildongmu-files'); r.onupgradeneeded = () => r.transaction.abort();
           r.onerror = () => done(0); r.onsuccess = () => { const db = r.result; if (!db.objectStoreNames.length) { db.close(); done(0); return; }
           const c = db.transaction('files').objectStore('files').count(); c.onsuccess = () => { db.close(); done(c.result); }; }; })"""
    )


async def test_from_the_telephone_to_the_desk_and_back(db, cipher, citizen, seat, rows, picture):
    telephone = await citizen()
    page = telephone.page
    await sends(page, a_file(a_picture(with_place=True)))
    await expect(page.locator("article.citizen")).to_contain_text("(사진)")
    await expect(page.locator("article.citizen .meta")).to_contain_text("받음", timeout=PATIENT_MS)
    assert await kept(page) == 0
    await picture(page, "file-citizen")

    (talk,) = await rows("SELECT id FROM conversations")
    work = FileWork(db, cipher, Settings(), {})
    while await work.draw():
        pass
    async with db.transaction() as tx:
        case = await handoff.open_or_raise(tx, cipher, talk["id"], "urgent", "robbery_theft", "direct", summary="지갑을 뺏겼어요", country="KH")
    agent = await seat()
    desk = agent.page
    await desk.locator(f"[data-case-id='{case.id}']").click()
    await desk.keyboard.press("Enter")
    shown = desk.locator(".transcript .file img")
    await expect(shown).to_be_visible(timeout=PATIENT_MS)
    await expect(desk.locator(".transcript .line").first).to_contain_text("사진을 보냈습니다")
    assert await shown.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") == 320
    await desk.get_by_role("button", name="사진에 위치가 있습니다").click()
    dialog = desk.locator("[data-dialog=file-place]")
    await expect(dialog).to_contain_text("11.55000, 104.91667", timeout=PATIENT_MS)
    await picture(desk, "file-desk-place")
    await dialog.get_by_role("button", name="닫기").click()
    looks = {row["form"] for row in await rows("SELECT form FROM file_views")}
    assert looks == {"thumbnail", "position"}

    await desk.set_input_files(".file-picker input[type=file]", [a_file(a_picture(), "안내.jpg")])
    await desk.locator("[data-action=send-file]").click()
    await expect(desk.locator(".file-picker .said")).to_contain_text("보냈습니다.", timeout=PATIENT_MS)
    await expect(desk.locator(".transcript .file img")).to_have_count(2, timeout=PATIENT_MS)
    await picture(desk, "file-desk")
    link = page.locator("article.person a.tel")
    await expect(link).to_have_text("사진 열기", timeout=PATIENT_MS)
    answer = await page.request.get(await link.evaluate("(a) => a.href"))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    await picture(page, "file-citizen-received")
    assert telephone.complaints == []
    assert agent.complaints == []


async def test_a_file_that_could_not_go_survives_the_page_and_goes_once(citizen, rows):
    page = (await citizen()).page
    await page.route("**/files", lambda route: route.abort())
    await sends(page, a_file(b"%PDF-1.7\n", "내 여권.pdf", "application/pdf"))
    await expect(page.locator("article.citizen .meta")).to_contain_text("이 기기에 보관", timeout=PATIENT_MS)
    assert await kept(page) == 1
    await page.unroute("**/files")
    await page.reload()
    await expect(page.locator("article.citizen")).to_contain_text("(파일: 내 여권.pdf)")
    await expect(page.locator("article.citizen .meta")).to_contain_text("받음", timeout=PATIENT_MS)
    assert [row["media_type"] for row in await rows("SELECT media_type FROM files")] == ["application/pdf"]
    assert await kept(page) == 0


async def test_danger_does_not_wait_behind_a_picture(citizen, rows):
    page = (await citizen()).page
    held = asyncio.Event()

    async def hold(route):
        await held.wait()
        await route.continue_()

    await page.route("**/files", hold)
    await sends(page, a_file(a_picture()))
    await expect(page.locator("article.citizen .meta")).to_contain_text("보내는 중")
    await page.click("#danger")
    await expect(page.locator("article.crisis")).to_be_visible(timeout=PATIENT_MS)
    assert [row["severity"] for row in await rows("SELECT severity FROM cases")] == ["life_threat"]
    held.set()
    await expect(page.locator("article.citizen .meta").first).to_contain_text("받음", timeout=PATIENT_MS)


async def test_what_is_not_taken_is_said_in_words(citizen, rows):
    page = (await citizen()).page
    await sends(page, a_file(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "그림.svg", "image/svg+xml"))
    await expect(page.locator("article.citizen .meta")).to_contain_text("이런 종류의 파일은 받지 않습니다", timeout=PATIENT_MS)
    assert await rows("SELECT 1 FROM files") == []
    assert await kept(page) == 0


async def test_a_picture_beyond_the_limit_is_made_smaller_on_the_telephone(citizen, rows):
    page = (await citizen()).page
    large = a_picture(size=(3000, 2000)) + b"\x00" * 10_000_001
    await sends(page, a_file(large))
    await expect(page.locator("article.citizen .meta")).to_contain_text("받음", timeout=PATIENT_MS)
    (row,) = await rows("SELECT size_bytes FROM files")
    assert row["size_bytes"] < 1_000_000


async def test_a_guarded_screen_keeps_nothing(db, citizen, rows):
    page = (await citizen()).page
    await page.fill("#text", "안녕하세요")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.citizen .meta")).to_contain_text("받음", timeout=PATIENT_MS)
    (talk,) = await rows("SELECT id FROM conversations")
    async with db.transaction() as tx:
        await guarding.mark(tx, talk["id"], guarding.AGENT)
    await sends(page, a_file(a_picture()))
    await expect(page.locator("article.citizen", has_text="(사진)")).to_have_count(0, timeout=PATIENT_MS)
    async with asyncio.timeout(60):
        while not await rows("SELECT 1 FROM files"):
            await asyncio.sleep(0.1)
    assert len(await rows("SELECT 1 FROM files")) == 1
    await expect(page.locator("article.citizen", has_text="(사진)")).to_have_count(0, timeout=PATIENT_MS)
    await page.wait_for_timeout(500)  # the event of the line, if there were one, would have come
    assert "사진)" not in await page.locator("#log").inner_text()


async def test_quick_exit_leaves_no_file_on_the_device(citizen):
    telephone = await citizen()
    page = telephone.page
    await page.route("**/files", lambda route: route.abort())
    await sends(page, a_file(a_picture()))
    await expect(page.locator("article.citizen .meta")).to_contain_text("이 기기에 보관", timeout=PATIENT_MS)
    await page.click("#leave")
    await page.wait_for_url("**/static/blank.html")
    assert await page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)") == []
