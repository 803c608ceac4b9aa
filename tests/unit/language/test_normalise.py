import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.normalise import normalise


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ＳＯＳ　１１９", "SOS 119"),
        ("살려줘어어어어어어", "살려줘어어어"),
        ("ㅋㅋㅋㅋㅋㅋㅋㅋ", "ㅋㅋㅋ"),
        ("ㅠㅜㅠㅜㅠㅜㅠㅜㅠㅜ", "ㅠㅜㅠㅜㅠㅜ"),
        ("1000000원", "1000000원"),
        ("a\x00b\x07c\u200bd", "abcd"),
        ("앞\ud800뒤\udfff", "앞뒤"),
        ("  여러   칸 \n\n 줄 ", "여러 칸\n줄"),
        ("ㅅㄹㄷ", "ㅅㄹㄷ"),
        ("ㅅㅏㄹㄹㅕㅈㅜㅓ", "살려줘"),
        (unicodedata.normalize("NFD", "도와주세요"), "도와주세요"),
        ("ﾊﾝｶｸ", "ハンカク"),
        ("", ""),
    ],
)
def test_spelling(typed, expected):
    assert normalise(typed) == expected


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_becomes_printable_and_stays_so(text):
    once = normalise(text)
    assert not any(unicodedata.category(c) in ("Cs", "Cn") or (unicodedata.category(c) == "Cc" and c not in "\n\t") for c in once)
    once.encode("utf-8")
