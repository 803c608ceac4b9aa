"""What a citizen of each channel would read: the real answer to a test question, and the notice's body; for agents' texts the text itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import Client, ui

from knowledge_base.answer import full_text
from knowledge_base.canned import Filled
from knowledge_base.desk.answers import asked
from knowledge_base.desk.channels import CHANNELS, Channel, Fit, fit
from knowledge_base.desk.elements import attributes, block, say
from knowledge_base.desk.guard import Guard, Later
from knowledge_base.desk.work import Work
from knowledge_base.editing.schemas import TestQuestion
from knowledge_base.phrases import title_as_question
from knowledge_base.preview import to_html
from knowledge_base.schemas import Answer, NoticeContent, NoticeKind, Outcome

OWN_WORDS = "own"
PAUSE_S = 0.5
MOST_QUESTION_CHARS = 500


@dataclass(frozen=True)
class _Asked:
    text: str
    country: str | None = None


class PreviewPane:
    """One channel at a time; it answers anew a moment after the last key."""

    def __init__(self, client: Client, work: Work, guard: Guard) -> None:
        self._client = client
        self._work = work
        self._guard = guard
        self._channel = CHANNELS[0]
        self._content: NoticeContent | None = None
        self._questions: dict[str, _Asked] = {}
        self._chosen = ""
        self._typed = ""
        self._answer: Answer | None = None
        self._filled: Filled | None = None
        self._asked = 0
        self._later = Later(PAUSE_S)
        with block("section", "preview", aria_label="미리보기"):
            say("h2", "미리보기")
            with block("div", "channel-tabs", role="group", aria_label="창구"):
                self._tabs = {channel.code: self._tab(channel) for channel in CHANNELS}
            self._ask = block("div", "preview-ask")
            self._bubble = block("div", "preview-screen", aria_live="polite")
            with block("details", "rendered-body"):
                say("summary", "본문 전체 보기")
                self._body = block("div", "rendered")

    def _tab(self, channel: Channel) -> ui.element:
        with block("button", "channel-tab", type="button", data_channel=channel.code, aria_pressed=str(channel is self._channel).lower()) as tab:
            say("span", channel.name)
        tab.on("click", lambda: self._choose(channel), [])
        return tab

    def _choose(self, channel: Channel) -> None:
        self._channel = channel
        for code, tab in self._tabs.items():
            attributes(tab, aria_pressed=str(code == channel.code).lower())
        self._draw()

    def questions(self, content: NoticeContent, found: Sequence[TestQuestion]) -> None:
        """The questions that may be asked here: the notice's own, what its title would be asked as, and one's own words."""
        self._questions = {str(one.id): _Asked(one.text, one.country) for one in found if one.active}
        labels = {str(one.id): asked(one) for one in found if one.active}
        if content.title:
            self._questions["title"] = _Asked(title_as_question(content.title), content.countries[0] if len(content.countries) == 1 else None)
            labels["title"] = self._questions["title"].text
        labels[OWN_WORDS] = "다른 질문 적기…"
        if self._chosen not in labels:
            self._chosen = next(iter(labels))
        is_canned = content.kind is NoticeKind.CANNED
        self._ask.clear()
        self._ask.set_visibility(not is_canned)
        with self._ask:
            with block("label", "choice"):
                say("span", "질문")
                with block("select", "", data_preview_question="") as select:
                    for code, label in labels.items():
                        say("option", label, value=code, selected=True if code == self._chosen else None)
            select.on("change", lambda e: self._pick(str(e.args or "")), js_handler="(e) => emit(e.target.value)")
            typed = block(
                "input", "typed-question", type="text", maxlength=MOST_QUESTION_CHARS, placeholder="민원인이 물을 말", value=self._typed, data_preview_typed=""
            )
            typed.set_visibility(self._chosen == OWN_WORDS)
            self._typed_box = typed
            typed.on("input", lambda e: self._type(str(e.args or "")), js_handler="(e) => emit(e.target.value)")

    async def _pick(self, code: str) -> None:
        if code not in self._questions and code != OWN_WORDS:
            return
        self._chosen = code
        self._typed_box.set_visibility(code == OWN_WORDS)
        await self.answer()

    def _type(self, text: str) -> None:
        self._typed = text[:MOST_QUESTION_CHARS]
        self._later.ask(self.answer)

    async def show(self, content: NoticeContent | None) -> None:
        """A text that has changed."""
        self._content = content
        with self._client:
            self._body.clear()
            with self._body:
                if content is not None:
                    # Without sanitising again: the renderer knows no HTML, and lets no link but to web pages and mail through.
                    ui.html(to_html(content.body), sanitize=False)
        await self.answer()

    async def answer(self) -> None:
        """Ask the question of the notices as they would be with this text."""
        self._asked += 1
        number = self._asked
        question = self._questions.get(self._chosen) or _Asked(self._typed.strip())
        content = self._content
        self._answer = self._filled = None
        if content is not None and content.kind is NoticeKind.CANNED:
            filled = await self._guard.run(lambda: self._work.filled(content))
            if number != self._asked:
                return
            self._filled = filled
        if content is not None and content.kind is NoticeKind.NOTICE and question.text:
            found = await self._guard.run(lambda: self._work.preview(content, question.text, question.country))
            if number != self._asked:
                return
            self._answer = found
        with self._client:
            self._draw()

    def _draw(self) -> None:
        content, answer = self._content, self._answer
        self._bubble.clear()
        attributes(self._bubble, data_shown=self._channel.code)
        with self._bubble:
            if content is None:
                say("p", "제목과 본문을 적으면 여기에 보입니다.", "soft")
            elif content.kind is NoticeKind.CANNED:
                self._show_text(self._filled.text if self._filled else content.body, "상담관이 보내는 글", "agent")
                self._show_filled(self._filled)
            elif answer is None:
                say("p", "질문을 고르거나 적으면 답이 보입니다.", "soft")
            else:
                say("p", (self._questions.get(self._chosen) or _Asked(self._typed.strip())).text, "bubble citizen")
                self._show_answer(answer, content)

    def _show_filled(self, filled: Filled | None) -> None:
        if filled is None:
            return
        say("p", "● 접수 번호와 공관은 보기입니다. 보낼 때 그 접수 건의 것으로 바뀝니다.", "preview-note", data_note="example")
        for sentence in (*filled.problems, *filled.stale):
            say("p", f"▲ {sentence}", "preview-note is-other", data_note="unfilled")

    def _show_answer(self, answer: Answer, content: NoticeContent) -> None:
        self._show_text(answer.text if self._channel.has_card else full_text(answer), "상담봇", "bot", answer)
        quoted = answer.notice_ids[0] if answer.notice_ids else ""
        if answer.outcome is Outcome.ANSWERED and quoted != content.id:
            title = answer.source.title if answer.source else quoted
            say("p", f"▲ 이 질문에는 다른 공지로 답합니다: 「{title}」", "preview-note is-other", data_note="other")
        elif answer.outcome is Outcome.ABSTAIN:
            say("p", "✕ 이 질문에는 답하지 않고 상담관을 권합니다.", "preview-note is-other", data_note="abstain")
        elif answer.outcome is Outcome.CLARIFY:
            say("p", "◇ 먼저 나라를 되묻습니다.", "preview-note", data_note="clarify")
        else:
            say("p", "● 이 공지로 답합니다.", "preview-note is-own", data_note="own")

    def _show_text(self, text: str, who: str, kind: str, answer: Answer | None = None) -> None:
        shown = fit(self._channel, text)
        with block("div", f"bubble {kind} on-{self._channel.code}"):
            say("p", who, "bubble-who")
            with block("p", "bubble-text"):
                say("span", shown.shown)
                if shown.beyond:
                    say("span", "✂", "cut-mark", title="여기까지 한 번에 갑니다")
                    say("span", shown.beyond, "beyond")
            if answer is not None and answer.source is not None and self._channel.has_card:
                card = answer.source
                with block("div", "source-card"):
                    say("b", card.title)
                    say("span", f"{card.effective_from} 시행 · {card.source or '출처 없음'}" + (" · 지난 공지" if card.past else ""))
            if answer is not None and answer.quick_replies and self._channel.code != "sms":
                with block("div", "quick"):
                    for reply in answer.quick_replies:
                        say("span", reply, "quick-reply")
        measure(shown)


def measure(shown: Fit) -> None:
    """How long it is here, and what happens when it is too long."""
    sentence = shown.measured
    if shown.is_over:
        sentence = f"▲ {sentence} — 한 번에 다 가지 않습니다."
    elif shown.is_folded:
        sentence = f"◇ {sentence} — 접혀 보입니다."
    say(
        "p",
        " ".join([sentence, shown.channel.note] if (shown.is_over or shown.is_folded) else [sentence]),
        "measure" + (" is-over" if shown.is_over else ""),
        data_measure="",
    )
