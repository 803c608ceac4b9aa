"""What is veiled, what never is, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff import veil


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("야 씨발 왜 안 받아", ["씨발"]),
        ("시발 여권 내놔", ["시발"]),
        ("시1발 뭐야", ["시1발"]),
        ("씨..발", ["씨..발"]),
        ("ㅅㅂ 진짜", ["ㅅㅂ"]),
        ("개새끼들아 병신 같은", ["개새끼", "병신"]),
        ("what the FUCK", ["FUCK"]),
        ("이새끼가 나를 때려요", ["이새끼"]),
        ("여권을 다시발급해 주세요", []),
        ("즉시발송 되나요", []),
        ("시발점이 어디인가요", []),
        ("시발역에서 만나요", []),
        ("shitake 버섯", []),
        ("병신년에 태어났어요", []),
        ("도와주세요 갇혔어요", []),
        ("", []),
    ],
)
def test_which_words(text: str, hidden: list[str]) -> None:
    assert [part for part, is_hidden in veil.pieces(text, "none") if is_hidden] == hidden


@pytest.mark.parametrize("urgency", ["life_threat", "urgent", None])
def test_danger_and_what_nobody_has_judged_is_never_veiled(urgency: str | None) -> None:
    assert veil.pieces("씨발 칼 들고 있어", urgency) == []


@given(
    st.lists(st.sampled_from(["씨발", "시발", "여권", " ", "점", "다", "개새끼", "fuck", "🆘", "\n", "1"]), max_size=30),
    st.sampled_from(["none", "non_urgent"]),
)
def test_the_pieces_put_together_are_the_line(parts: list[str], urgency: str) -> None:
    text = "".join(parts)
    found = veil.pieces(text, urgency)
    assert not found or "".join(part for part, _ in found) == text


def test_the_list_is_data() -> None:
    rules = veil.read("# a comment\n\n<나쁜말 !나쁜말씀\n")
    assert [veil.spans(text, rules) for text in ("나쁜말", "안나쁜말", "나쁜말씀", "나쁜말 나쁜말")] == [[(0, 3)], [], [], [(0, 3), (4, 7)]]
