"""The dialogs of a desk. Ending an emergency is never one key: an outcome, how contact was verified, and a press on the button."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from handoff.closing import MIN_CONTACT_CHARS, NOT_FOR_EMERGENCIES
from handoff.desk import words
from handoff.desk.elements import attributes, block, button, say
from handoff.desk.verdict import VerdictForm
from handoff.moves import ABUSE, HANDED_BACK, OUTCOMES
from handoff.queue_order import is_emergency
from handoff.reviews.schemas import Label
from handoff.schemas import Case

KEYS = (
    ("j · k", "아래 · 위 상담으로"),
    ("Enter", "고른 상담 맡기 (내 상담이면 열기)"),
    ("Space", "맡지 않고 보기"),
    ("n", "맨 앞에 있는 상담 맡기 (긴급이 먼저)"),
    ("r", "답장 쓰기 · Esc 로 나가기"),
    ("/", "정형문 고르기 · 화살표, Enter 로 넣고 고쳐서 보내기"),
    ("Ctrl+K", "공지 찾아 인용하기"),
    ("Alt+1~3", "제안된 안내 넣기"),
    ("a", "경보 확인 (모든 데스크에서 소리가 멈춤)"),
    ("t", "동료에게 넘기기"),
    ("d", "제안이나 인계 요청 거절"),
    (".", "할 수 있는 일 모두 (팀, 초대, 미루기, 합치기, 메모, 다시 열기 …)"),
    ("p", "내 약속 보기 · 새 약속 적기"),
    ("h", "교대 인계"),
    ("l", "위치 다시 요청"),
    ("c", "전화로 온 상담 열기"),
    ("w · z", "음성 통화 받기 · 끊기"),
    ("f", "열린 상담의 민원인에게 음성 통화 걸기 (웹 채팅)"),
    ("x", "‘말할 수 없음’ 표시하거나 지우기"),
    ("o", "가린 말 보기 · 다시 가리기"),
    ("m", "관할 공관 카드 · 영사에게 알리거나 초대"),
    ("g", "도움 줄 곳 보기 · 넘긴 기록"),
    ("b", "봇에게 돌려주기"),
    ("q", "대기열로 되돌리기"),
    ("y", "민원인의 마지막 글을 폭언으로 표시 · 세 번째부터 대응 고르기"),
    ("v", "응급이었는지 판정"),
    ("e", "종료 (결과를 고르고 확인해야 끝남)"),
    ("?", "이 도움말"),
)


def outcomes_for(severity: str) -> dict[str, str]:
    """The outcomes that may end a case of this severity; handing back and ending for abuse have buttons of their own."""
    barred = {HANDED_BACK, ABUSE} | (NOT_FOR_EMERGENCIES if is_emergency(severity) else set())
    return {code: label for code, label in OUTCOMES.items() if code not in barred}


def ask_close(case: Case, on_confirm: Callable[[str, str, Label | None], Awaitable[str | None]]) -> None:
    """Ask for what ending this case needs, and whether it was an emergency, which may be left open; ``on_confirm`` answers with the
    sentence to show when it was refused."""
    emergency = is_emergency(case.severity)
    with ui.dialog().props("no-backdrop-dismiss") as dialog, block("div", "dialog", role="dialog", aria_label="상담 종료", data_dialog="close"):
        say("h2", f"#{case.id} 종료 — {words.severity_word(case.severity)} · {words.category_word(case.category)}")
        if emergency:
            say("p", "긴급 상담입니다. 답이 없다는 것은 끝난 것이 아닙니다. 본인이나 현지 기관과 연락한 사실을 적어야 종료됩니다.", "warning")
        with block("div", "", data_outcome=""):
            outcome = ui.select(outcomes_for(case.severity), label="결과").props("outlined dense options-dense autofocus").classes("wide")
        contact = ui.input(label="확인한 연락 (누구와, 어떻게)" if emergency else "확인한 연락 (선택)", value="")
        contact.props("outlined dense autocomplete=off maxlength=500 data-verified-contact")
        with block("div", "optional"):
            say("p", "이 상담의 첫 글을 돌아보면 (선택)", "soft")
            form = VerdictForm(category=case.category)
        problem = say("p", "", "problem", role="alert")

        async def confirm() -> None:
            label = form.label() if form.is_touched else None
            if form.is_touched and label is None:
                return
            if not outcome.value:
                problem.set_text("결과를 고르세요.")
            elif emergency and len((contact.value or "").strip()) < MIN_CONTACT_CHARS:
                problem.set_text("누구와 어떻게 연락해 안전을 확인했는지 적으세요.")
            elif (refused := await on_confirm(str(outcome.value), contact.value or "", label)) is not None:
                problem.set_text(refused)
            else:
                dialog.close()

        with block("div", "dialog-buttons"):
            button("계속 상담", dialog.close)
            button("종료하기", confirm, classes="danger" if emergency else "primary", data_confirm="")
    dialog.on("hide", dialog.delete)
    dialog.open()


def ask_confirm(title: str, text: str, label: str, on_confirm: Callable[[], Awaitable[None]], *, name: str) -> None:
    """Ask once before something that cannot be taken back at once."""
    with ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label=title, data_dialog=name):
        say("h2", title)
        say("p", text)

        async def confirm() -> None:
            dialog.close()
            await on_confirm()

        with block("div", "dialog-buttons"):
            button("아니요", dialog.close)
            attributes(button(label, confirm, classes="primary", data_confirm=""), autofocus=True)
    dialog.on("hide", dialog.delete)
    dialog.open()


def show_help() -> None:
    """The keys."""
    with ui.dialog() as dialog, block("div", "dialog", role="dialog", aria_label="단축키 도움말", data_dialog="help"):
        say("h2", "단축키")
        with block("dl", "keys"):
            for key, meaning in KEYS:
                with block("div"):
                    with block("dt"):
                        say("kbd", key)
                    say("dd", meaning)
        say("p", "글을 쓰는 동안에는 단축키가 듣지 않습니다. 한글 자판에서도 같은 자리의 키를 누르면 됩니다.", "soft")
        with block("div", "dialog-buttons"):
            attributes(button("닫기", dialog.close), autofocus=True)
    dialog.on("hide", dialog.delete)
    dialog.open()
