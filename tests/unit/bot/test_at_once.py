"""What is answered without asking Rasa, what never is, and what it is told afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actions import consular
from bot import at_once, smalltalk
from bot.at_once import Note, answer_at_once, note_of, query_of
from bot.dialogue.client import Said
from bot.dialogue.intents import FALLBACK
from bot.dialogue.reading import Entity, Reading
from core.crypto import Cipher
from knowledge_base.schemas import Answer, Outcome

CIPHER = Cipher({1: b"k" * 32}, 1, b"p" * 32)
FEE = "긴급여권 수수료가 얼마예요?"


def reading(text: str = FEE, country: str = "") -> Reading:
    named = (Entity("country", 0, 2, text[:2], country, country),) if country else ()
    return Reading(text, (), None, named)


class Search:
    """Remembers for which country it was asked."""

    def __init__(self, outcome: Outcome = Outcome.ANSWERED) -> None:
        self.outcome = outcome
        self.asked: list[str | None] = []

    def __call__(self, country: str | None) -> Answer:
        self.asked.append(country)
        return Answer(self.outcome, "5만 원입니다.")


def untold(note: Note, intent: str = "ask_notice", outcome: Outcome = Outcome.ANSWERED, **about: Any) -> dict[str, Any]:
    found = answer_at_once(note, reading(**about), intent, Search(outcome))
    assert found is not None
    return dict(found[1].untold)


@pytest.mark.parametrize("intent", ["ask_notice", FALLBACK])
def test_a_plain_question_is_answered_and_kept_for_a_repeat_or_a_correction(intent: str) -> None:
    search = Search()
    found = answer_at_once(Note(), reading(), intent, search)
    assert found is not None
    reply, note = found
    assert reply.bodies[0].text == "5만 원입니다."
    assert note.untold == {"last_topic": "search", "last_query": FEE, "failures": 0.0, "offered": None}
    assert not note.expects
    assert search.asked == [None]


def test_the_country_that_is_named_is_spoken_of_from_then_on() -> None:
    first = answer_at_once(Note(topic_country="JP"), reading("태국 비자 수수료", "TH"), "ask_notice", search := Search())
    assert first is not None
    assert first[1].untold["topic_country"] == "TH"
    answer_at_once(first[1], reading(), "ask_notice", search)
    assert search.asked == ["TH", "TH"]


OTHERS = ("ask_person", "lost_passport", "correct_country", "affirm", "deny", "cancel", "complaint", "abuse", "rate", "repeat", "refuse_to_share", "inform")


@pytest.mark.parametrize("intent", OTHERS)
def test_whatever_has_another_rule_is_not_answered_at_once(intent: str) -> None:
    assert answer_at_once(Note(), reading(), intent, Search()) is None


FORMS = {"ask_alarm_level": "alarm_level", "entry_rules": "entry_rules"}


@pytest.mark.parametrize("intent", FORMS)
def test_the_form_that_asks_for_a_country_begins_at_once_and_rasa_hears_of_it(intent: str) -> None:
    search = Search()
    found = answer_at_once(Note(untold={"last_query": FEE}), reading(), intent, search)
    assert found is not None
    assert [body.text for body in found[0].bodies] == ["어느 나라가 궁금하신가요?"]
    form = at_once.RULES[intent].form
    assert found[1] == Note(form=form, untold={"last_query": FEE, "form": form})
    assert answer_at_once(found[1], reading("태국이요", "TH"), FALLBACK, search) is None
    again = answer_at_once(found[1], reading(), "ask_notice", search)
    assert again is not None
    assert again[1].untold["form"] == form, "until Rasa is asked"
    # where the citizen is, which Rasa's note calls the same, does not fill the form
    assert answer_at_once(Note(topic_country="JP"), reading(), intent, search) is None
    assert search.asked == [None]


@pytest.mark.parametrize(("intent", "topic"), FORMS.items())
def test_a_form_that_lacks_nothing_is_answered_and_may_be_asked_again_for_another_country(intent: str, topic: str) -> None:
    first = answer_at_once(Note(), reading("태국 어때요", "TH"), intent, search := Search())
    assert first is not None
    assert first[1] == Note(False, "TH", 0, {"topic_country": "TH", "last_topic": topic, "failures": 0.0, "offered": None})
    assert answer_at_once(first[1], reading(), intent, search) is not None
    assert search.asked == ["TH", "TH"]


def test_how_to_get_alerts_is_searched_for_in_our_own_words_and_the_last_question_stays() -> None:
    asked = Note(untold={"last_topic": "search", "last_query": FEE})
    assert untold(asked, "register_alerts") == {**asked.untold, "failures": 0.0, "offered": None}
    assert {intent for intent in at_once.RULES if query_of(intent, reading())} == {"register_alerts", "ask_alarm_level"}
    assert query_of("greet", reading()) == ""


def test_an_alarm_level_of_several_countries_is_searched_for_in_the_citizens_words() -> None:
    def of_both(text: str) -> Reading:
        return Reading(text, (), None, tuple(Entity("country", at, at + 2, text[at : at + 2], code, code) for at, code in ((0, "JP"), (6, "TH"))))

    assert query_of("ask_alarm_level", of_both("일본이랑  태국 여행경보")) == ""
    assert query_of("ask_alarm_level", of_both("일본 말고  태국 여행경보")) == query_of("ask_alarm_level", reading("태국 여행경보", "TH"))
    assert query_of("register_alerts", of_both("일본이랑  태국 안전 문자")) == query_of("register_alerts", reading())


def test_what_is_not_ours_is_searched_for_and_only_an_answer_counts() -> None:
    asked = Note(failures=1, untold={"last_query": FEE, "failures": 1.0})
    for outcome in (Outcome.ABSTAIN, Outcome.CLARIFY):
        found = answer_at_once(asked, reading("피자 시켜 줘"), "out_of_scope", Search(outcome))
        assert found is not None
        assert "도와드리기 어려워요" in found[0].bodies[0].text
        assert found[1] == asked
    assert untold(asked, "out_of_scope") == {"last_query": FEE, "failures": 0.0, "offered": None}


@pytest.mark.parametrize("intent", ["ask_notice", FALLBACK, "greet", "out_of_scope", "register_alerts", "ask_alarm_level"])
def test_nothing_is_answered_at_once_while_the_dialogue_expects_something(intent: str) -> None:
    search = Search()
    assert answer_at_once(Note(expects=True), reading(), intent, search) is None
    assert search.asked == []


def test_the_first_failure_counts_and_with_the_second_a_person_is_offered_which_rasa_is_told() -> None:
    first = answer_at_once(Note(), reading(), "ask_notice", Search(Outcome.ABSTAIN))
    assert first is not None
    assert (first[1].failures, first[1].untold["failures"]) == (1, 1.0)
    assert len(first[0].bodies) == 1
    second = answer_at_once(first[1], reading(), "ask_notice", Search(Outcome.ABSTAIN))
    assert second is not None
    assert second[0].bodies[0].text == "5만 원입니다."
    assert second[0].bodies[1].text == consular.OFFER_TEXT
    assert [(button.title, button.payload) for button in second[0].bodies[1].buttons] == [("상담관 연결", "person"), ("괜찮아요", "")]
    assert (second[1].failures, second[1].untold["failures"], second[1].untold["offered"]) == (0, 0.0, "person")
    lapsed = answer_at_once(second[1], reading(), "ask_notice", Search())
    assert lapsed is not None
    assert lapsed[1].untold["offered"] is None
    helped = answer_at_once(first[1], reading(), "ask_notice", Search())
    assert helped is not None
    assert helped[1].failures == 0


def test_what_may_be_the_answer_to_a_question_back_is_left_to_rasa() -> None:
    asked = answer_at_once(Note(), reading(), "ask_notice", search := Search(Outcome.CLARIFY))
    assert asked is not None
    assert asked[1] == Note(False, None, 0, {"last_topic": "clarify", "last_query": FEE, "failures": 0.0, "offered": None}, asked_back=True)
    assert answer_at_once(asked[1], reading("태국이요", "TH"), FALLBACK, search) is None
    # a question of its own, or thanks, is none
    assert answer_at_once(asked[1], reading("태국 비자 수수료", "TH"), "ask_notice", search) is not None
    other = answer_at_once(asked[1], reading("그건 됐고요"), FALLBACK, Search())
    assert other is not None
    assert not other[1].asked_back
    thanks = answer_at_once(asked[1], reading("감사합니다"), "thank", search)
    assert thanks is not None
    assert thanks[1].asked_back


@pytest.mark.parametrize(("intent", "asked_back"), [("register_alerts", True), ("ask_alarm_level", False), ("entry_rules", False)])
def test_only_a_rule_that_keeps_the_words_makes_or_ends_a_question_back(intent: str, asked_back: bool) -> None:
    found = answer_at_once(Note(asked_back=True), reading("태국 어때요", "TH"), intent, Search(Outcome.CLARIFY))
    assert found is not None
    assert found[1].asked_back is asked_back
    found = answer_at_once(Note(), reading("태국 어때요", "TH"), intent, Search(Outcome.CLARIFY))
    assert found is not None
    assert not found[1].asked_back


@pytest.mark.parametrize("form", at_once.COUNTRY_FORMS)
def test_what_interrupts_a_form_that_waits_for_a_country_is_answered_and_the_country_asked_for_again(form: str) -> None:
    note = at_once.after(Said((), True, None, 0, False, form))
    assert (note.expects, note.form) == (False, form)
    for intent in ("ask_notice", FALLBACK, "register_alerts"):
        found = answer_at_once(note, reading(), intent, Search())
        assert found is not None
        assert [body.text for body in found[0].bodies] == ["5만 원입니다.", "어느 나라가 궁금하신가요?"]
        assert found[1].form == form
    for intent, said in (
        ("thank", "이어서 여쭤볼게요."),
        ("greet", "이어서 여쭤볼게요."),
        ("help", "이어서 여쭤볼게요."),
        ("bot_challenge", "자동으로 답하는"),
    ):
        found = answer_at_once(note, reading("감사합니다"), intent, Search())
        assert found is not None
        assert said in found[0].bodies[0].text
        assert found[0].bodies[1].text == "어느 나라가 궁금하신가요?"
        assert found[1] == note
    other = answer_at_once(note, reading("피자 시켜 줘"), "out_of_scope", Search(Outcome.ABSTAIN))
    assert other is not None
    assert [body.text[:3] for body in other[0].bodies] == ["그 부", "어느 "]


@pytest.mark.parametrize("form", at_once.COUNTRY_FORMS)
def test_what_fills_ends_or_changes_a_form_is_left_to_rasa(form: str) -> None:
    note, search = Note(form=form), Search()
    assert answer_at_once(note, reading("태국이요", "TH"), FALLBACK, search) is None
    assert answer_at_once(note, reading("태국 비자 수수료", "TH"), "ask_notice", search) is None
    for intent in ("goodbye", *FORMS, *OTHERS):
        assert answer_at_once(note, reading(), intent, search) is None
    assert search.asked == []


def test_a_form_that_asks_for_more_than_a_country_is_left_to_rasa() -> None:
    assert at_once.after(Said((), True, None, 0, False, "lost_passport_form")) == Note(True)


def test_small_talk_is_in_the_words_of_the_domain_and_forgets_nothing() -> None:
    asked = Note(untold={"last_query": FEE})
    found = answer_at_once(asked, reading("감사합니다"), "thank", Search())
    assert found is not None
    assert "다행입니다" in found[0].bodies[0].text
    assert found[1] == asked
    assert [button.title for button in smalltalk.replies()["greet"].buttons][-1] == "상담관 연결"
    assert [button.payload for button in smalltalk.replies()["greet"].buttons] == ["", "", "", "person"]


def row(dialogue: bytes | None, seq: int = 2, conversation_id: str = "c") -> dict[str, Any]:
    return {"id": conversation_id, "seq": seq, "dialogue": dialogue}


def test_a_note_is_sealed_and_comes_back() -> None:
    note = Note(False, "TH", 1, {"last_query": FEE, "offered": None}, asked_back=True, form="alarm_level_form")
    sealed = note.seal(CIPHER, "c")
    assert FEE.encode() not in sealed
    assert note_of(CIPHER, row(sealed)) == note


def test_without_a_note_only_the_first_message_is_known_to_be_expected_by_nothing() -> None:
    assert not note_of(CIPHER, row(None, seq=1)).expects
    assert note_of(CIPHER, row(None)).expects


@pytest.mark.parametrize("damaged", [b"x", Note().seal(CIPHER, "another"), CIPHER.seal(json.dumps({"a": 1}), "conversations.dialogue:c")])
def test_a_damaged_note_means_ask(damaged: bytes) -> None:
    assert note_of(CIPHER, row(damaged)).expects


def test_once_rasa_has_answered_it_knows_everything() -> None:
    assert at_once.after(Said((), False, "JP", 1, True)) == Note(False, "JP", 1, {}, asked_back=True)


def test_rasa_that_did_not_answer_may_expect_anything_and_is_still_to_be_told() -> None:
    assert Note(untold={"last_query": FEE}).unknown() == Note(True, untold={"last_query": FEE})
