"""Looking only at concepts whose first letters a text has finds what looking at all of them finds."""

from __future__ import annotations

import csv
import json
import re

import pytest

from core.settings import ROOT
from knowledge_base.glossary import GLOSSARY_FILE, Glossary, Rows


def table() -> list[dict[str, str]]:
    with GLOSSARY_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def questions() -> list[str]:
    lines = (ROOT / "data" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["text"]) for line in lines if line.strip()]


@pytest.mark.parametrize("language", ["ko", "en", "ja", "zh", "vi"])
def test_the_same_is_found_as_by_trying_every_concept(language: str) -> None:
    rows = Rows.of(language, [(row[language], (row["korean"],)) for row in table()])
    texts = [text.lower() for text in questions()] + [cell.strip().lower() for row in table() for cell in row[language].split("|")]
    found = [list(rows.found(text)) for text in texts]
    assert found == [[words for pattern, words in rows.patterns if pattern.search(text)] for text in texts]
    assert sum(map(bool, found)) > 100


def test_one_letter_is_a_start_too_and_what_is_known_is_left_out() -> None:
    glossary = Glossary({"ko": Rows.of("ko", [("값|요금", ("수수료",)), ("애기", ("미성년자", "수수료")), ("", ("아무것",))])})
    assert glossary.words("애기 값은", "ko") == ("수수료", "미성년자")
    assert glossary.words("값", "ko", known=("수수료",)) == ()
    assert glossary.words("값", "xx") == ()
    assert re.escape("값") in glossary.rows["ko"].patterns[0][0].pattern
