"""What is black in an export: by rule, by hand, and never less than somebody decided; what leaves holds nothing of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.records import export_files, export_redaction, export_rules
from handoff.records.export_document import Document, Item, Section
from handoff.records.export_redaction import Marks, Rules, black, blacked, counts, found, mark, mark_word, segments, unmark
from handoff.records.export_rules import Care, Requester, State
from handoff.records.export_rules import after as state_after

RULES = Rules(("김하늘", "haneul"), 7)
NONE = Marks()


def line(text, number=1):
    return Item(f"line:{number}", "민원인", text, is_free=True)


def document(*texts):
    items = tuple(line(text, number) for number, text in enumerate(texts, 1))
    return Document(7, "2026-01-01T00:00:00+00:00", (Section("case", "상담", (Item("case:number", "번호", "#7"),)), Section("transcript", "대화", items)))


def black_words(text, rules=RULES, marks=NONE):
    return [text[start:end] for start, end, _ in black(line(text), rules, marks)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("제 번호는 010-1234-5678 이에요", ["010-1234-5678"]),
        ("김하늘 상담관입니다", ["김하늘"]),
        ("haneul 님이 적음", ["haneul"]),
        ("#8 상담의 동생", ["#8"]),
        ("#7 이 상담", []),
        ("박민수 씨가 데려갔어요", ["박민수 씨"]),
        ("친구 이철수가 있어요", ["이철수"]),
        ("날씨가 추워요", []),
        ("아저씨가 도와줬어요", []),
        ("2026-03-01 14:30 에 5000원", []),
        ("여권 M12345678 잃어버림", ["M12345678"]),
        ("", []),
    ],
)
def test_what_the_rules_find(text, expected):
    assert black_words(text) == expected


def test_facts_that_nobody_wrote_stay():
    fact = Item("place:1", "위치", "11.556400, 104.928200 (WGS84)")
    assert found(fact, RULES) == []
    assert [one.kind for one in segments(fact, RULES, NONE)] == [""]


def test_who_has_rung_is_black_as_a_whole_until_it_is_said_to_be_the_citizen():
    made = Document(7, "", (Section("case", "상담", (Item("case:caller", "전화한 사람", "김민원 +82 10-1234-5678", is_free=True),)),))
    assert blacked(made, RULES, NONE).items()["case:caller"].text == "[가림: 다른 사람]"
    own = unmark(made, RULES, NONE, "case:caller", 0, 1)
    assert blacked(made, RULES, own).items()["case:caller"].text == "김민원 +82 10-1234-5678"
    assert found(Item("case:caller", "", "", is_free=True), RULES) == []


def test_a_mark_by_hand_wins_and_is_taken_back_by_place():
    made = document("형 이름은 안중근입니다", "안중근은 모릅니다")
    marks, places = mark_word(made, NONE, "안중근")
    assert places == 2
    assert black_words("안중근은 모릅니다", marks=Marks(frozenset({("line:1", 0, 3)}), frozenset({("line:1", 0, 3)}))) == ["안중근"]
    text = json.loads(blacked(made, RULES, marks).to_json())
    assert "안중근" not in str(text)
    less = unmark(made, RULES, marks, "line:2", 1, 2)
    assert "안중근은 모릅니다" in str(blacked(made, RULES, less).to_json())
    assert "이름은 안중근" not in blacked(made, RULES, less).to_json()


def test_ones_own_number_is_uncovered_span_by_span():
    made = document("제 번호 010-1234-5678, 형 번호 010-9999-8888")
    item = made.items()["line:1"]
    (first, second) = found(item, RULES)
    marks = unmark(made, RULES, NONE, "line:1", first[0], first[1])
    text = blacked(made, RULES, marks).items()["line:1"].text
    assert "010-1234-5678" in text
    assert "010-9999-8888" not in text
    assert counts(made, RULES, marks) == {"phone": 1}
    again = mark(made, marks, "line:1", first[0], first[1])
    assert "010-1234-5678" not in blacked(made, RULES, again).items()["line:1"].text
    assert second[2] == "phone"


@pytest.mark.parametrize(("item", "start", "end"), [("x", 0, 1), ("line:1", -1, 1), ("line:1", 1, 1), ("line:1", 2, 1), ("line:1", 0, 99)])
def test_a_place_that_is_not_there_is_refused(item, start, end):
    made = document("짧은 글")
    assert mark(made, NONE, item, start, end) is None
    assert unmark(made, RULES, NONE, item, start, end) is None


def test_places_have_a_bound_and_travel_as_places():
    made = document("가" * 3000)
    marks, places = mark_word(made, NONE, "가")
    assert places == export_redaction.MAX_MARKS
    assert mark(made, marks, "line:1", 0, 1) is None
    assert Marks.of_data(json.loads(json.dumps(marks.to_data()))) == marks
    assert Marks.of_data({}) == NONE


words = st.text(max_size=60)
spans = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(words, st.lists(spans, max_size=5), st.lists(spans, max_size=5))
def test_segments_are_the_line_and_every_place_marked_by_hand_is_black(text, added, removed):
    item = line(text)
    marks = Marks(frozenset((item.id, a, b) for a, b in added if a < b <= len(text)), frozenset((item.id, a, b) for a, b in removed if a < b))
    cut = segments(item, RULES, marks)
    assert "".join(one.text for one in cut) == text
    covered = {at for one in cut if one.kind for at in range(one.start, one.start + len(one.text))}
    for _, start, end in marks.added:
        assert set(range(start, end)) <= covered
    assert all(one.start == sum(len(before.text) for before in cut[:number]) for number, one in enumerate(cut))


def test_a_file_holds_what_is_shown_as_text_and_nothing_black():
    made = document("<script>alert(1)</script> & '\"", "보낸 사람 010-1234-5678", "제어\x00문자\ud800")
    leaves = blacked(made, RULES, NONE)
    at, day = datetime(2026, 1, 5, 3, tzinfo=UTC), date(2026, 1, 2)
    page, data = export_files.as_html(leaves, at, day), json.loads(export_files.as_json(leaves, at, day))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page
    assert "1234-5678" not in page + str(data)
    assert "[가림: 전화번호]" in page
    assert "제어문자" in page
    assert "2026-01-05 12:00" in page
    assert (data["format"], data["asked_on"], data["case_id"]) == (export_files.FORMAT, "2026-01-02", 7)
    assert Document.of_json(leaves.to_json()) == leaves
    page.encode()


@pytest.mark.parametrize(
    ("state", "move", "target"),
    [
        ("draft", "submit", State.WAITING),
        ("waiting", "submit", None),
        ("waiting", "take_back", State.DRAFT),
        ("waiting", "return", State.DRAFT),
        ("waiting", "release", State.RELEASED),
        ("draft", "release", None),
        ("released", "release", None),
        ("released", "return", None),
        ("draft", "withdraw", State.WITHDRAWN),
        ("released", "withdraw", State.WITHDRAWN),
        ("withdrawn", "withdraw", None),
        ("withdrawn", "submit", None),
    ],
)
def test_how_an_export_moves(state, move, target):
    assert state_after(state, move) is target


@pytest.mark.parametrize(
    ("requester", "cares", "may"),
    [
        (Requester.SELF, [Care.GUARDED, Care.GUARDIAN_DANGER], True),
        (Requester.GUARDIAN, [], True),
        (Requester.PROXY, [Care.HELD, Care.RESTRICTED, Care.OPEN], True),
        (Requester.GUARDIAN, [Care.GUARDIAN_DANGER], False),
        (Requester.GUARDIAN, [Care.GUARDED], False),
        (Requester.PROXY, [Care.GUARDED], False),
    ],
)
def test_who_may_receive_it(requester, cares, may):
    assert export_rules.may_receive(requester, cares) is may


def test_what_was_not_said_yet_stands_in_order_and_the_day_is_counted():
    assert export_rules.unsaid([Care.OPEN, Care.GUARDED], ["open"]) == (Care.GUARDED,)
    assert export_rules.unsaid([Care.HELD, Care.GUARDED], []) == (Care.GUARDED, Care.HELD)
    assert export_rules.due_on(date(2026, 1, 25)) == date(2026, 2, 4)
    assert set(export_rules.CARES) == set(Care)
    assert set(export_rules.STATES) == set(State)
    assert set(export_rules.REQUESTERS) == set(Requester)
