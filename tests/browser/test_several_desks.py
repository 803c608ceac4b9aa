"""Two agents, an officer and two citizens in danger at once, with everything real: nobody is lost, nobody is answered by two, every page stays true."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.settings import ROOT
from tests.browser.conftest import join
from tests.program import Program

pytestmark = pytest.mark.browser
MISSION = "주캄보디아대사관"


@dataclass
class Person:
    """Somebody at a page, with everything the browser complained about."""

    page: Page
    name: str = ""
    id: int = 0
    complaints: list[str] = field(default_factory=list)

    def row(self, case_id: int) -> Any:
        return self.page.locator(f"[data-case-id='{case_id}']")

    def dialog(self, code: str) -> Any:
        return self.page.locator(f"[data-dialog='{code}']")


class Floor:
    """The people of the story."""

    def __init__(self, program: Program, browser: Browser) -> None:
        self._program = program
        self._browser = browser
        self.desks: list[Person] = []

    def command(self, *words: str) -> str:
        command = [str(ROOT / ".venv" / "bin" / "gildongmu"), "staff", *words, "--data-dir", str(self._program.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    def watched(self, **context: Any) -> Person:
        page = self._browser.new_context(locale="ko-KR", **context).new_page()
        person = Person(page)
        page.on("console", lambda message: person.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: person.complaints.append(str(error)))
        return person

    def staff(self, role: str, login: str, name: str) -> Person:
        link = json.loads(self.command("invite", "--role", role).splitlines()[-1])["link"]
        person = self.watched(viewport={"width": 1440, "height": 900})
        page = person.page
        join(page, self._program.url + link[link.index("/staff/") :], login, name)
        person.name, person.id = name, int(self.one("SELECT id FROM staff WHERE login = %s", login)["id"])
        return person

    def agent(self, login: str, name: str) -> Person:
        person = self.staff("agent", login, name)
        person.page.goto(f"{self._program.url}/desk")
        self.desks.append(person)
        return person

    def officer(self, login: str, name: str) -> Person:
        person = self.staff("officer", login, name)
        # Whoever sits nowhere yet comes to the officers' desk all the same, and is told so (a 403, which the browser reports).
        expect(person.page.locator("body")).to_contain_text("소속 공관이 정해지지 않은 계정입니다")
        person.complaints.clear()
        self.command("seat", login, MISSION)
        person.page.goto(f"{self._program.url}/desk/mission")
        return person

    def citizen(self, text: str, place: dict[str, float]) -> Person:
        person = self.watched(viewport={"width": 360, "height": 740}, geolocation=place, permissions=["geolocation"])
        person.page.goto(self._program.url)
        self.write(person, text)
        expect(person.page.locator("article.bot.crisis")).to_be_visible()
        return person

    def write(self, citizen: Person, text: str) -> None:
        citizen.page.fill("#text", text)
        citizen.page.keyboard.press("Enter")

    def reply(self, agent: Person, text: str) -> None:
        agent.page.locator("[data-composer]").fill(text)
        agent.page.locator("[data-composer]").press("Enter")

    def one(self, statement: str, *values: Any) -> Any:
        with self._program.connect() as connection:
            return connection.execute(statement, values).fetchone()  # type: ignore[call-overload]

    def shown_to(self, agent: Person) -> set[int]:
        """What an agent's queue must show at this moment, from the database."""
        with self._program.connect() as connection:
            rows = connection.execute(
                """SELECT id FROM cases WHERE status <> 'closed'
                   AND (status = 'queued' OR owner_id = %(me)s OR asked_to = %(me)s OR closing_by IS NOT NULL)""",
                {"me": agent.id},
            ).fetchall()
        return {row["id"] for row in rows}

    def true_everywhere(self, officer: Person | None = None) -> None:
        """Every page says 실시간, and shows exactly what the database has for it."""
        for desk in [*self.desks, *([officer] if officer else [])]:
            expect(desk.page.locator("body")).to_have_attribute("data-link", "live")
        for desk in self.desks:
            eventually(lambda desk=desk: (rows_of(desk), self.shown_to(desk)))
        if officer is not None:
            eventually(lambda: (district_of(officer), self.district()))

    def district(self) -> set[int]:
        with self._program.connect() as connection:
            statement = """SELECT c.id FROM cases c JOIN case_missions m ON m.case_id = c.id
                           WHERE m.mission = %s AND m.ended_at IS NULL AND c.status <> 'closed'"""
            return {row["id"] for row in connection.execute(statement, (MISSION,)).fetchall()}


def rows_of(desk: Person) -> set[int]:
    return {int(one) for one in desk.page.locator("[data-case-id]").evaluate_all("all => all.map((one) => one.dataset.caseId)")}


def district_of(officer: Person) -> set[int]:
    return {int(one) for one in officer.page.locator("[data-case]").evaluate_all("all => all.map((one) => one.dataset.case)")}


def eventually(pair: Callable[[], tuple[object, object]]) -> None:
    """Until both are the same; what stands on a page may be a moment behind, never for long."""
    until = time.monotonic() + 60
    seen, true = pair()
    while seen != true and time.monotonic() < until:
        time.sleep(0.2)
        seen, true = pair()
    assert seen == true


def open_case(agent: Person, case_id: int, says: str) -> None:
    agent.row(case_id).locator(".main").click()
    expect(agent.page.locator(".case-head")).to_contain_text(f"#{case_id}")
    expect(agent.page.locator(".case-head")).to_contain_text(says)


def test_two_agents_an_officer_and_two_citizens(program: Program, browser: Browser):
    floor = Floor(program, browser)
    one, two, officer = floor.agent("haneul", "김하늘"), floor.agent("minsu", "박민수"), floor.officer("yeongsa", "박영사")
    program.wait_for_live_worker()
    floor.true_everywhere(officer)

    # Danger from both; both agents see both.
    held = floor.citizen(
        "문이 밖에서 잠겨 있고 여권을 다 뺏겼어요 여기 프놈펜이에요 제발 도와주세요", {"latitude": 11.5564, "longitude": 104.9282, "accuracy": 18}
    )
    first = int(floor.one("SELECT id FROM cases ORDER BY id DESC LIMIT 1")["id"])
    hurt = floor.citizen("지금 칼을 든 사람이 쫓아와요 숨어 있어요 살려주세요", {"latitude": 13.7563, "longitude": 100.5018, "accuracy": 30})
    second = int(floor.one("SELECT id FROM cases ORDER BY id DESC LIMIT 1")["id"])
    assert first != second
    held.page.click("#place")
    held.page.click("#gps")
    for desk in (one, two):
        for case_id in (first, second):
            expect(desk.row(case_id)).to_be_visible()
    expect(officer.page.locator(f"[data-case='{first}']")).to_be_visible()
    floor.true_everywhere(officer)

    # One takes it; the other, a moment late, is told by whom. Neither desk shows what is not its own.
    open_case(two, first, "대기")
    one.row(first).locator(".main").focus()
    one.page.keyboard.press("Enter")
    expect(one.page.locator(".case-head")).to_contain_text("내 상담")
    expect(two.page.locator(".q-notification").last).to_contain_text("김하늘 님이")
    two.page.evaluate("(id) => getElement(Number(document.querySelector('.queue').id.slice(1))).$emit('take', id)", first)
    expect(two.page.locator(".q-notification", has_text="김하늘 님이 먼저 맡았습니다")).to_be_visible()
    two.row(second).locator(".main").focus()
    two.page.keyboard.press("Enter")
    expect(two.page.locator(".case-head")).to_contain_text(f"#{second}")
    floor.true_everywhere(officer)
    floor.reply(one, "상담관 김하늘입니다. 지금 글을 봐도 안전한가요?")
    floor.reply(two, "상담관 박민수입니다. 숨은 곳에서 움직이지 마세요.")
    expect(held.page.locator("article.person")).to_contain_text("김하늘입니다")
    expect(hurt.page.locator("article.person")).to_contain_text("박민수입니다")

    # Handed on by name: until the other accepts, whoever had it answers.
    one.page.locator("[data-action=transfer]").click()
    one.dialog("transfer").locator(f"[data-person='{two.id}']").click()
    one.dialog("transfer").locator("textarea").fill("경비 두 명. 현지 경찰과 통화 중.")
    one.dialog("transfer").locator("[data-confirm]").click()
    expect(two.row(first)).to_contain_text("나에게 인계 요청")
    assert floor.one("SELECT owner_id FROM cases WHERE id = %s", first)["owner_id"] == one.id
    floor.write(held, "아직 계세요?")
    expect(one.page.locator(".transcript")).to_contain_text("아직 계세요?")
    floor.true_everywhere(officer)
    open_case(two, first, "김하늘")
    expect(two.page.locator(".case-strip")).to_contain_text("경비 두 명. 현지 경찰과 통화 중.")
    two.page.locator(".pending [data-move=claim]").click()
    expect(two.page.locator(".case-head")).to_contain_text("내 상담")
    expect(one.row(first)).to_have_count(0)
    floor.reply(two, "박민수 상담관이 이어받았습니다.")
    expect(held.page.locator("article.person").last).to_contain_text("이어받았습니다")
    floor.true_everywhere(officer)

    # The mission's officer joins and writes beside the owner.
    officer.page.locator(f"[data-case='{first}'] [data-action='officer-join']").click()
    officer.page.locator(f"[data-case='{first}'] [data-action='officer-open']").click()
    officer.page.locator(".officer-reply textarea").fill("주캄보디아대사관 박영사입니다. 경찰과 함께 가고 있습니다.")
    officer.page.locator("[data-action='officer-send']").click()
    # She is held: whoever reads along must not learn of the police unless that is meant.
    expect(officer.page.get_by_text("그래도 보내려면 한 번 더 누르세요")).to_be_visible()
    expect(held.page.locator("article.person", has_text="박영사입니다")).to_have_count(0)
    officer.page.wait_for_timeout(700)  # a click sooner than anybody reads is the first one's double
    officer.page.locator("[data-action='officer-send']").click()
    expect(held.page.locator("article.person", has_text="박영사입니다")).to_be_visible()
    expect(two.page.locator(".transcript")).to_contain_text("경찰과 함께 가고 있습니다")
    expect(two.page.locator(".case-strip")).to_contain_text("박영사(영사)")
    assert floor.one("SELECT owner_id FROM cases WHERE id = %s", first)["owner_id"] == two.id
    floor.true_everywhere(officer)

    # The end of an emergency needs a second person.
    two.page.locator("[data-action=close]").click()
    closing = two.dialog("close")
    closing.locator("[data-outcome]").click()
    two.page.locator("[role=option]", has_text="현지 구조기관에 인계").click()
    closing.locator("input[data-verified-contact]").fill("현지 경찰서와 통화, 본인과 함께 있음")
    closing.locator("[data-confirm]").click()
    expect(one.row(first)).to_contain_text("종료 확인 필요")
    floor.true_everywhere(officer)
    open_case(one, first, "박민수")
    one.page.keyboard.press("e")
    expect(one.dialog("confirm-close")).to_contain_text("현지 경찰서와 통화, 본인과 함께 있음")
    one.dialog("confirm-close").locator("[data-confirm]").click()
    for gone in (one.row(first), two.row(first), officer.page.locator(f"[data-case='{first}']")):
        expect(gone).to_have_count(0)
    expect(held.page.locator("#status")).to_contain_text("상담봇이 이어받았습니다")
    floor.true_everywhere(officer)

    # Shift change: the emergency waits for a yes, and both pages say so.
    two.page.locator("[data-action=shift]").click()
    shift = two.dialog("shift")
    shift.locator(".q-select", has=two.page.locator("[data-field=all-to]")).click()
    two.page.locator("[role=option]", has_text="김하늘").click()
    shift.locator(f"[data-shift-case='{second}'] input[data-field=note]").fill("숨어 있음. 5분마다 글을 확인할 것.")
    shift.locator("[data-confirm]").click()
    expect(shift.locator(f"[data-handed='{second}']")).to_contain_text("수락을 기다립니다")
    expect(one.row(second)).to_contain_text("나에게 인계 요청")
    floor.true_everywhere(officer)
    one.row(second).locator(".main").focus()
    one.page.keyboard.press("Enter")
    expect(shift.locator(f"[data-handed='{second}']")).to_contain_text("넘어갔습니다")
    expect(one.page.locator(".case-strip")).to_contain_text("5분마다 글을 확인할 것")
    floor.write(hurt, "발소리가 멀어졌어요")
    expect(one.page.locator(".transcript")).to_contain_text("발소리가 멀어졌어요")
    floor.true_everywhere(officer)

    truth = floor.one("SELECT count(*) FILTER (WHERE status = 'closed') AS closed, max(owner_id) FILTER (WHERE id = %s) AS owner FROM cases", second)
    assert (truth["closed"], truth["owner"]) == (1, one.id)
    with program.connect() as connection:
        told = [row["kind"] for row in connection.execute("SELECT kind FROM events WHERE stream = %s ORDER BY seq", (f"case:{first}",)).fetchall()]
    assert [told.count(kind) for kind in ("claimed", "asked", "accepted", "joined", "closing", "closed")] == [1, 1, 1, 1, 1, 1]
    for person in (one, two, officer, held, hurt):
        assert person.complaints == []
        person.page.context.close()
