from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag

from bot.dialogue.reading import Entity, country_of, decode_vector, from_metadata, is_question, rasa_entities
from bot.dialogue.sealing import Sealer
from core.crypto import Cipher

NAMES = {"일본": "JP", "태국": "TH", "베트남": "VN", "Japan": "JP", "Thailand": "TH", "タイ": "TH", "日本": "JP", "泰国": "TH", "방콕": "TH"}


def places(text: str) -> tuple[Entity, ...]:
    found = [Entity("country", text.index(name), text.index(name) + len(name), name, code, code) for name, code in NAMES.items() if name in text]
    return tuple(sorted(found, key=lambda entity: entity.start))


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("태국이요", "TH"),
        ("아니 일본 말고 태국", "TH"),
        ("일본말고태국", "TH"),
        ("태국 아니고 베트남이요", "VN"),
        ("일본이 아니라 태국이에요", "TH"),
        ("태국이요 일본 말고요", "TH"),
        ("not Japan, Thailand", "TH"),
        ("日本じゃなくてタイです", "TH"),
        ("不是日本，是泰国", "TH"),
        ("일본 가려다 지금 태국에서 여권을 잃어버렸어요", "TH"),
        ("일본 말고요", None),
        ("몰라요", None),
    ],
)
def test_the_country_that_is_meant(text: str, country: str | None) -> None:
    entity = country_of(text, places(text))
    assert (entity.country if entity else None) == country


@pytest.mark.parametrize(
    "text", ["얼마예요?", "긴급여권 수수료가 얼마인가요", "어떻게 하나요", "비자 필요한지 궁금해요", "how long does it take", "뭐 내야 하나요"]
)
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["어제요", "오늘 아침 지하철에서요", "내일 저녁 비행기예요", "모르겠어요", "tomorrow", "방콕이요"])
def test_answers(text: str) -> None:
    assert not is_question(text)


def test_dates_are_told_apart() -> None:
    text = "어제 잃어버렸고 내일 비행기예요"
    dates = [Entity("date", text.index(word), text.index(word) + 2, word, "relative") for word in ("어제", "내일")]
    metadata = {"normalised": text, "entities": [{"kind": e.kind, "text": e.text, "value": e.value, "start": e.start, "end": e.end} for e in dates]}
    found = {e["entity"]: e["value"] for e in rasa_entities(from_metadata(text, metadata))}
    assert found["lost_date"] == "어제"
    assert found["flight_date"] == "내일"


def test_a_country_that_was_only_asked_about_is_not_where_the_citizen_is() -> None:
    metadata = {"normalised": "여권을 잃어버렸어요", "country": "JP"}
    for here, known in ((None, None), ("TH", "TH")):
        found = {e["entity"]: e["value"] for e in rasa_entities(from_metadata("여권을 잃어버렸어요", metadata | {"here": here}))}
        assert found.get("known_country") == known


def test_damaged_metadata_is_left_out() -> None:
    reading = from_metadata("여권 분실", {"tokens": [["여권", "NNG", 0, 2], None, ["x"], 7], "vector": "!!", "entities": [{}, None, "x"], "here": 3})
    assert reading.tokens == (("여권", 0, 2),)
    assert reading.vector is None
    assert reading.entities == ()
    assert reading.known_country == ""
    assert from_metadata("여권 분실", {}).tokens == (("여권", 0, 2), ("분실", 3, 5))


def test_vector_is_half_precision() -> None:
    vector = np.linspace(-1, 1, 384, dtype=np.float32)
    decoded = decode_vector(base64.b64encode(vector.astype("<f2").tobytes()).decode())
    assert decoded is not None
    assert np.allclose(decoded, vector, atol=1e-3)


def test_state_is_sealed_in_the_applications_format(cipher: Cipher, tmp_path) -> None:
    path = tmp_path / "keys.json"
    encoded = {str(number): base64.b64encode(key).decode() for number, key in cipher.keys.items()}
    path.write_text(json.dumps({"keys": encoded, "current": cipher.current, "pseudonym_key": ""}))
    sealer = Sealer.from_file(path)
    blob = sealer.seal("비밀", "c1")
    assert "비밀".encode() not in blob
    assert sealer.open(blob, "c1") == "비밀"
    assert cipher.open(blob, "dialogue_states.state:c1") == "비밀"
    with pytest.raises(InvalidTag):
        sealer.open(blob, "c2")
    with pytest.raises(ValueError, match="unknown"):
        sealer.open(b"\x09" + blob[1:], "c1")


@pytest.mark.parametrize(
    ("text", "kind", "span", "expected"),
    [
        ("파리요", "city", (0, 2), {"where": "FR", "country": "FR"}),
        ("저 파리입니다", "city", (2, 4), {"where": "FR"}),
        ("오늘", "date", (0, 2), {"when": "오늘"}),
        ("오늘 아침에요", "date", (0, 5), {"when": "오늘 아침"}),
        ("파리 날씨가 어떤지 알려주세요", "city", (0, 2), {"where": None, "country": "FR"}),
        ("오늘 몇 시까지 여나요", "date", (0, 2), {"when": None, "lost_date": "오늘"}),
        ("파리인가요?", "city", (0, 2), {"where": None}),
    ],
)
def test_a_day_or_a_place_alone(text: str, kind: str, span: tuple[int, int], expected: dict[str, str | None]) -> None:
    raw = {"kind": kind, "start": span[0], "end": span[1], "text": text[slice(*span)], "value": "파리", "country": "FR" if kind == "city" else None}
    found = {e["entity"]: e["value"] for e in rasa_entities(from_metadata(text, {"normalised": text, "entities": [raw]}))}
    assert {name: found.get(name) for name in expected} == expected


def test_a_mission_says_the_country() -> None:
    raw = {"kind": "mission", "start": 0, "end": 6, "text": "방콕 대사관", "value": "주태국대사관", "country": "TH"}
    found = {e["entity"]: e["value"] for e in rasa_entities(from_metadata("방콕 대사관 앞이에요", {"entities": [raw]}))}
    assert found["country"] == "TH"


def test_korea_is_where_one_comes_from() -> None:
    text = "인천에서 출발해서 지금 방콕이에요"
    places = (Entity("city", 0, 2, "인천", "인천", "KR"), Entity("city", 13, 15, "방콕", "방콕", "TH"))
    meant, alone = country_of(text, places), country_of("인천이요", places[:1])
    assert meant is not None
    assert alone is not None
    assert (meant.country, alone.country) == ("TH", "KR")
