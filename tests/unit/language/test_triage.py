import dataclasses
import itertools
import time

import numpy as np
import pytest

from bot.escalation import card_category
from knowledge_base.crisis_cards import QUIET
from language import triage as module
from language.analysis import Analyser
from language.categories import Category, Urgency
from language.category_words import is_held_by_things
from language.linear import load_heads
from language.rules import RULES, hits
from language.triage import Context, Decision

RANK = {"none": 0, "ask": 1, "escalate": 2}
EXPLICIT = [
    "살려주세요",
    "지금 위험해요",
    "저지금위험합니다도와주세요",
    "ㅅㄹㄷ",
    "ㄷㅇㅈ",
    "SOS",
    "help me!!",
    "please help me they locked the door",
    "助けて",
    "救命",
    "Cứu tôi với",
    "사람 살려",
    "ㅅㅏㄹㄹㅕㅈㅜㅓ",
    "살 려 주 세 요",
    "ＳＯＳ",
]
ROUTINE = [
    "안녕하세요",
    "감사합니다",
    "네",
    "여권 발급 수수료가 얼마인가요",
    "대사관 운영 시간 알려주세요",
    "비자 연장 서류가 뭐예요",
    "운전면허 갱신하고 싶어요",
]


@pytest.mark.parametrize("text", EXPLICIT)
def test_an_explicit_call_escalates(decide, text):
    assert decide(text).action == "escalate"
    assert decide(text).urgency.is_emergency


@pytest.mark.parametrize("text", EXPLICIT)
def test_an_explicit_call_escalates_without_the_encoder(analyser, triage, text):
    blind = Analyser(analyser.morphology, None)
    decision = triage.decide(blind.analyse([text])[0])
    assert decision.action == "escalate"
    assert "no_vector" in decision.reasons


@pytest.mark.parametrize(
    "text",
    [
        "문이 밖에서 잠겨서 이틀째 못 나가고 있어요",
        "사장님이 여권이랑 휴대폰을 가져갔고 숙소 밖으로 못 나가게 해요",
        "아이가 수영장에서 안 보여요 한 시간째 찾고 있어요",
        "남편이 또 때려서 화장실에 숨어 있어요",
    ],
)
def test_danger_without_a_call_for_help_reaches_somebody(decide, text):
    assert decide(text).action != "none"


@pytest.mark.parametrize("text", ROUTINE)
def test_routine_carries_on(decide, text):
    assert decide(text).action == "none"
    assert not decide(text).urgency.is_emergency


@pytest.mark.parametrize("text", ["감사합니다", "네", "안녕하세요"])
def test_courtesy_is_no_emergency_even_in_an_open_case(decide, text):
    context = Context(Urgency.LIFE_THREAT, open_case=True, heightened=True, last_turns=(0.9, 0.9))
    assert decide(text, context).action != "escalate"


def test_empty_is_nothing(decide):
    assert decide("").action == "none"
    assert decide(" \x00 ").reasons == ("empty",)


def test_rules_only_raise(analyser, triage, monkeypatch):
    texts = [*EXPLICIT, *ROUTINE, "살려줘ㅋㅋㅋ 영문 이름 추천 좀", "영화에서 살려주세요 하는 장면", "문이 밖에서 잠겼어요"]
    analyses = analyser.analyse(texts)
    with_rules = [triage.decide(a) for a in analyses]
    monkeypatch.setattr(module, "hits", lambda text: ())
    without = [triage.decide(a) for a in analyses]
    assert any(RANK[a.action] > RANK[b.action] for a, b in zip(with_rules, without, strict=True))
    for a, b in zip(with_rules, without, strict=True):
        assert RANK[a.action] >= RANK[b.action]
        assert a.score == b.score


def test_softened_call_does_not_escalate_by_rule():
    assert all(hit.is_softened for hit in hits("영화에서 살려주세요 하는 장면이 있어요"))
    assert not any(hit.is_softened for hit in hits("살려주세요"))


@pytest.mark.parametrize("text", ["ㅋㅋㅅㄹㄷㅇㅇㅇㅋ", "help me with my passport renewal", "cosos"])
def test_no_rule_for_look_alikes(text):
    assert hits(text) == ()


def test_context_only_lowers_the_thresholds(analyser, triage):
    analyses = analyser.analyse([*ROUTINE, "네 아직 안에 있어요", "무서워요", "문이 안 열려요", "어떡하죠"])
    contexts = [
        Context(previous, case, heightened, turns)
        for previous, case, heightened, turns in itertools.product(
            (None, Urgency.NON_URGENT, Urgency.URGENT), (False, True), (False, True), ((), (0.05,), (0.9,))
        )
    ]
    for analysis in analyses:
        plain = triage.decide(analysis)
        for context in contexts:
            assert context.shift >= 0
            assert RANK[triage.decide(analysis, context).action] >= RANK[plain.action]
        by_shift = [RANK[triage.decide(analysis, c).action] for c in sorted(contexts, key=lambda c: c.shift)]
        assert by_shift == sorted(by_shift)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("length", [40, 200])
def test_danger_is_not_lost_in_a_long_message(decide, place, length):
    filler = ["여권 갱신 수수료와 준비 서류가 궁금합니다."] * length
    filler.insert(int(place * length), "지금 방에 갇혀서 못 나가고 있어요 문을 밖에서 잠갔어요.")
    assert decide(" ".join(filler)).action == "escalate"
    assert decide(" ".join(["여권 갱신 수수료와 준비 서류가 궁금합니다."] * length)).action == "none"


def test_every_category_and_urgency_has_a_korean_name():
    assert all(c.label for c in Category)
    assert [u.label for u in Urgency] == ["생명 위협", "긴급", "비긴급", "일반"]


def test_decision_is_frozen(decide):
    with pytest.raises(dataclasses.FrozenInstanceError):
        decide("안녕").action = "none"
    assert isinstance(decide("안녕"), Decision)


def test_artefacts_are_arrays_of_modest_size():
    path = module.FOLDER / "triage.npz"
    assert path.stat().st_size < 20_000_000
    heads, mean = load_heads(path)
    assert set(heads) == {"adapted", "plain", "blind", "life_threat", "non_urgent", "category"}
    assert len(heads["category"].bias) == len(Category)
    assert mean.dtype == np.float32


def test_the_committed_model_belongs_to_the_committed_corpus():
    import json

    from language.corpus import FOLDER
    from language.training import corpus_digest

    saved = json.loads((module.FOLDER / "thresholds.json").read_text(encoding="utf-8"))
    assert saved["corpus"] == corpus_digest(FOLDER)


def test_held_out_voices(analyser):
    """A little slack for another processor's arithmetic; the figures themselves stand in the model card."""
    from language.evaluation import evaluate_triage

    report = evaluate_triage(analyser=analyser, progress=lambda _: None)
    assert report["missed_rate"] <= 0.01
    assert report["missed_life_threat"] <= 3
    assert report["escalated_rate"] >= 0.95
    assert report["false_escalation_traps"] <= 0.03
    assert report["asked_traps"] <= 0.20
    assert report["asked_emergencies"] <= 0.05
    assert report["without_encoder"]["emergency"]["caught"]["rate"] >= 0.97
    assert report["groups"]["keywords"]["emergency"]["rate"] < report["escalated_rate"]
    assert report["n"]["life_threats"] >= 400
    assert report["held_back"]["n"]["emergencies"] >= 800
    assert report["held_back"]["missed_rate"] <= 0.01
    # Most of what citizens send; caught must be those who ask out of trouble.
    assert report["questions"]["caught"]["n"] >= 6000
    assert report["questions"]["escalated"]["rate"] <= 0.02
    assert report["questions"]["emergencies"]["rate"] >= 0.85


def test_plain_words_alone_ask_nothing_and_other_times_soften_them():
    plain = [hit for hit in hits("총격으로 사망했습니다") if hit.is_hint]
    assert len(plain) == 1
    assert not plain[0].is_softened
    assert all(hit.is_softened for hit in hits("작년에 총격으로 사망한 사람의 기사를 찾습니다"))


def test_a_lost_passport_is_served_by_the_dialogue(analyser, triage):
    """The commonest trouble of all: it must not flood the desks. A stolen one may be asked about."""
    from language.corpus import FOLDER, read_nlu

    texts = [text for intent, text in read_nlu(FOLDER.parent / "nlu") if intent == "lost_passport"]
    actions = [triage.decide(analysis).action for analysis in analyser.analyse(texts)]
    assert actions.count("escalate") <= 0.05 * len(texts)
    assert actions.count("none") >= 0.5 * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "hlep",
        "¡Ayúdame!",
        "ayuda por favor",
        "aidez-moi !",
        "à l'aide",
        "Hilfe!",
        "tolong",
        "saklolo",
        "ช่วยด้วย",
        "ช่วยฉันด้วยค่ะ",
        "النجدة",
        "أنقذوني",
        "Пожар!",
        "tasukete",
        "tkffuwntpdy",
        "ehdhkwnj",
        "cấp cứu",
    ],
)
def test_nothing_but_a_call_for_help_is_one_in_any_language(decide, text):
    assert decide(text).action == "escalate"


@pytest.mark.parametrize(
    "text",
    [
        "제발",
        "제발요ㅠㅠ",
        "빨리 제발",
        "급해요!!",
        "ㅅㅅㅅㅅㅅ",
        "ㅈㅂ",
        "피",
        "🔪",
        "🔪🔪😭",
        "🩸",
        "🚑🚨",
        "☠️",
        "제발 🙏",
        "오지마",
        "please",
        "早く",
        "도움이 필요해요",
    ],
)
def test_nothing_but_a_plea_or_its_picture_is_asked_about(decide, text):
    assert decide(text).action != "none"


@pytest.mark.parametrize(
    "text",
    [
        "빨리 여권 받는 법",
        "제발 답 좀 주세요 여권 언제 나오나요",
        "피자",
        "사고 싶어요",
        "살 빼는 법",
        "도와 달라고 했어요",
        "🙏",
        "😭",
        "🎉",
        "please tell me the visa fee",
    ],
)
def test_a_plea_that_goes_on_is_left_to_the_classifier(text):
    assert "bare_plea" not in {hit.name for hit in hits(text)}


def test_a_flood_of_pleas_costs_no_more_than_a_moment():
    pattern = next(rule.pattern for rule in RULES if rule.name == "bare_plea")
    began = time.process_time()
    for text in ("제발!ㅠ" * 20_000 + "x", "ㅠ" * 80_000 + "x", "살" * 80_000 + "x", "피피" * 40_000 + "x", "제발좀좀" * 20_000 + "x"):
        pattern.search(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text", ["ayuda con el pasaporte", "tolong, berapa biaya paspor?", "ช่วยด้วยค่ะ อยากต่อพาสปอร์ต", "Hilfe bei der Verlängerung meines Passes"]
)
def test_a_polite_request_that_begins_like_a_call_is_none(text):
    assert [hit.name for hit in hits(text)] == []


@pytest.mark.parametrize("text", ["건물이 무너졌는데 잔해에 갇혔어요", "잔해에 갇혔어요", "엘리베이터에 갇혔어요", "차가 물에 잠기는데 갇혔어요"])
def test_who_is_shut_in_by_a_thing_is_in_nobodys_hands(decide, text):
    decision = decide(text)
    assert decision.action == "escalate"
    assert decision.category is not Category.CONFINEMENT
    assert Category.CONFINEMENT not in decision.possible


@pytest.mark.parametrize("text", ["갇혔어요", "방에 갇혔어요 문이 밖에서 잠겼어요", "여권 뺏기고 갇혀 있어요", "동굴 같은 데 남자들이 가둬서 갇혀 있어요"])
def test_whoever_may_be_held_by_people_is_taken_for_it(decide, text):
    assert decide(text).category is Category.CONFINEMENT


@pytest.mark.parametrize(
    "text",
    [
        "감시 앱이 깔려 있어서 전화를 못 해요. 갇혀 있어요",
        "동굴에 갇혀 있어요 나가면 죽인대요",
        "홍수 난 동네 창고에 갇혀 있어요. 도망치면 때려요",
        "무너진 집에 갇혀 있어요 몰래 쓰는 거예요 들키면 안 돼요",
        "경비가 지키고 있어요 엘리베이터도 못 타요 갇혀 있어요",
        "브로커가 엘리베이터를 막아 갇혀 있어요",
        "갇혀 있어요 비행기표를 자꾸 연기시켜요",
        "여기 콜센터 건물 엘리베이터는 카드로만 열려요 갇혀 있어요 여권도 없어요",
        "I am trapped near the elevator, guards won't let me out",
        "she took my passport, I'm trapped in a room by the lift",
        "老板把我关在电梯旁边的房间不让我走",
        "Tôi bị mắc kẹt, họ canh thang máy, không cho ra",
    ],
)
def test_a_thing_that_is_only_mentioned_does_not_uncover_whom_somebody_holds(text):
    assert not is_held_by_things(text)


@pytest.mark.parametrize(
    "text",
    [
        "홍수 난 동네 창고에 갇혀 있는데 도망치면 때려요",
        "홍수 난 동네인데 창고에 갇혀서 못 나가요. 도망치면 때려요",
        "지진 난 뒤로 사장이 우리를 창고에 가두고 안 내보내요",
        "태풍 와서 숙소에 있는데 문을 밖에서 잠갔어요 여권도 뺏겼어요",
        "산사태 난 마을인데 반군한테 잡혀 있어요",
        "전쟁 난 나라인데 군인들이 끌고 가서 가뒀어요",
        "earthquake, boss locked the factory and took passports",
        "태국 메솟인데 국경 넘어 미얀마로 데려간대요",
        "우리를 태우고 미야와디 쪽으로 간대요",
        "미얀마 미야와디로 팔려간대요",
        "홍수로 집 잃고 남자들한테 끌려왔어요",
        "산사태로 길 막혀 군인들에게 끌려가요",
        "내전 중 군인들이 우리 가족을 데리고 가 감금했고 피난도 못 가요",
        "내전인데 반군이 아이를 데리고 가서 인질로 잡고 대피 못 하게 해요",
        "브로커가 우리 가족 태우고 국경 넘어 피난시켜 준다더니 여권 뺏었어요",
    ],
)
def test_whoever_is_held_by_people_in_a_disaster_gets_the_card_of_the_held(decide, text):
    assert card_category(decide(text)) in QUIET


@pytest.mark.parametrize(
    "text",
    [
        "홍수로 집에 갇혔어요 물이 차요",
        "지진 때문에 무너진 건물에 깔렸어요",
        "쓰나미에 엄마가 끌려갔어요",
        "누가 좀 도와주세요 쓰나미에 언니가 끌려갔어요",
        "지진 났는데 문이 안 열려요",
        "가족을 데리고 국경을 넘어 피난 가려고 해요 포격이 심해요",
        "엄마 데리고 국경 넘어 피난 가려 해요",
        "미얀마에서 데리고 나갈 사람이 없어요 공습이에요",
        "전쟁 난 나라 국경에서 아이를 데리고 고립됐어요",
    ],
)
def test_whoever_only_the_disaster_holds_gets_the_disasters_card(decide, text):
    assert card_category(decide(text)) not in QUIET


def test_whoever_is_held_beside_a_thing_is_answered_quietly(decide):
    for text in ("감시 앱이 깔려 있어서 전화를 못 해요. 갇혀 있어요", "동굴에 갇혀 있어요 나가면 죽인대요", "브로커가 엘리베이터를 막아 갇혀 있어요"):
        assert card_category(decide(text)) == Category.CONFINEMENT


@pytest.mark.parametrize(
    "text",
    [
        "수면제 스무 알 먹었어요",
        "타이레놀 서른 알이면 많이 아픈가요? 벌써 먹었는데 아무렇지도 않아서요",
        "애가 할머니 혈압약 열두 알을 삼켰어요",
        "I took 40 pills an hour ago",
    ],
)
def test_a_handful_of_medicine_is_an_emergency_however_calmly_told(decide, text):
    assert decide(text).action == "escalate"


@pytest.mark.parametrize(
    "text", ["약 두 알 먹었어요", "약국에서 비타민 100정 사도 세관에 걸리나요", "혈압약 30알 가져가는데 처방전이 있어야 하나요", "젤리 서른 알 먹었어"]
)
def test_an_ordinary_dose_or_a_parcel_of_it_is_no_overdose(text):
    assert "overdose" not in {hit.name for hit in hits(text)}


@pytest.mark.parametrize(
    "text",
    [
        "전공을 살려 도쿄에서 취업하려는데 비자가 필요한가요",
        "경력을 살려 주재원으로 나갑니다",
        "통역사 좀 구해주세요",
        "집 구해주세요",
        "변호사를 구해 주세요",
        "비행기 표 구해줘요",
    ],
)
def test_what_one_makes_use_of_or_looks_for_is_nobody_to_be_rescued(text):
    assert "rescue" not in {hit.name for hit in hits(text)}


@pytest.mark.parametrize(
    "text",
    [
        "방에서 구해주세요",
        "우리 집 좀 구해주세요 불났어요",
        "서방 좀 구해주세요",
        "대표를 구해주세요",
        "경력도 뭐도 다 필요 없고 살려주세요",
        "친구 구해줘",
        "여기 위험해요",
        "could you help me!!",
        "could you please help me he has a knife",
        "please help me",
    ],
)
def test_a_cry_for_rescue_stays_certain(text):
    assert any(hit.is_certain and not hit.is_softened and not hit.is_hint and hit.urgency is Urgency.LIFE_THREAT for hit in hits(text))


@pytest.mark.parametrize(
    "text", ["Can you help me? I want to renew my passport.", "Could you please help me with a form, please", "여기 위험해요?", "지금 위험해?"]
)
def test_what_is_asked_rather_than_cried_is_only_a_hint(text):
    assert [(hit.name, hit.is_hint) for hit in hits(text)] == [("asks_for_help", True)]
