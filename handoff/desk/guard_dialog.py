"""The mark that somebody may be reading along: set it, take it away with a reason, and let the citizen prove who they are."""

from __future__ import annotations

from handoff.desk import words
from handoff.desk.elements import block, say
from handoff.desk.floor import Floor
from handoff.desk.sheet import Act, Sheet, field
from handoff.guarding import MEANING
from handoff.schemas import Case


async def show_guard(floor: Floor, case: Case) -> None:
    """What the mark means, and what may be done with it; digits and code word are for a guarded page that has come back blank."""
    is_guarded = await floor.do.is_guarded(case.id)
    with Sheet(floor.client, "보호 표시 · 본인 확인", "guard", is_wide=True) as sheet:
        say("p", words.case_label(case), "what")
        if is_guarded:
            say("p", "보호 표시가 있습니다.", "warning")
            with block("ul", "rows", role="list"):
                for sentence in MEANING:
                    say("li", sentence)
            reason = field("표시를 푸는 까닭 (아무도 같이 보지 않는다는 것을 어떻게 확인했는지)", "reason", lines=2)
        else:
            say("p", "휴대전화를 다른 사람이 볼 수 있으면 표시하세요. 민원인의 화면은 다시 열면 빈 채로 나오고, 경찰 번호·대기 안내·설문이 나오지 않습니다.")
        say("p", "민원인이 화면을 다시 열면 지난 글이 보이지 않습니다. 본인이 확인되면 여섯 자리 숫자를 알려 주거나, 미리 정한 암호 말을 쓰게 하세요.", "soft")
        word = field("암호 말 (띄어쓰기를 빼고 네 글자에서 마흔 글자)", "code-word", most=60)

        async def mark() -> str | None:
            await floor.do.guard(case.id)
            floor.tell("보호 표시를 했습니다.")
            return None

        async def release() -> str | None:
            await floor.do.release_guard(case.id, reason.value or "")
            floor.tell("보호 표시를 풀었습니다. 까닭은 열람 기록에 남았습니다.", "info")
            return None

        async def digits() -> str | None:
            return f"{await floor.do.history_code(case.id)} — 15분 동안 한 번 쓸 수 있습니다. 본인이라고 확인한 사람에게만 알려 주세요."

        async def agree() -> str | None:
            await floor.do.agree_code_word(case.id, word.value or "")
            word.set_value("")
            return (
                "암호 말을 정했습니다. 민원인이 글 속에 쓰면 화면에는 티 없이 데스크만 울립니다. 종이에도 대화에도 적지 마세요. "
                "웹 상담에서 ‘나가기’를 누르면 그 기기의 새 상담은 이 말을 모릅니다. 화면만 비우려면 ‘지우기’나 ‘메모로’를 쓰라고 알려 주세요."
            )

        others: dict[str, Act] = {"여섯 자리 숫자": digits, "암호 말 정하기": agree}
        if is_guarded:
            sheet.foot("표시 풀기", release, is_danger=True, others=others)
        else:
            sheet.foot("보호 표시", mark, others=others)
