"""Thresholds set anew for heads as they are."""

import json
import shutil

import pytest

from language import triage as module
from language.categories import Category, Urgency
from language.corpus import Example
from language.training import Dev, corpus_digest, set_thresholds

DANGER = [
    "바다에 빠진 동생이 안 보여요",
    "총소리가 나서 숨어 있어요",
    "불이 났는데 못 나가요",
    "칼을 든 사람이 문을 두드려요",
    "숨을 못 쉬겠어요",
    "납치됐어요",
]
HARMLESS = ["여권 갱신 서류가 뭐예요", "영사관 몇 시에 열어요", "주차장 있나요", "비자 수수료 얼마예요", "사진 규격 알려주세요", "고맙습니다"]


@pytest.fixture
def corpus_and_model(tmp_path):
    data, model = tmp_path / "data", tmp_path / "model"
    data.mkdir()
    shutil.copytree(module.FOLDER, model)
    rows = [
        {"id": f"{part}{kind}{i}", "text": text, "urgency": urgency, "category": "other", "lang": "ko", "tags": [], "trap": trap, "voice": part, "split": part}
        for part in ("dev", "test")
        for kind, urgency, trap, texts in (("d", "urgent", False, DANGER), ("t", "none", True, HARMLESS[:3]), ("h", "none", False, HARMLESS[3:]))
        for i, text in enumerate(texts)
    ]
    (data / "a.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    path = model / "thresholds.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(saved | {"corpus": corpus_digest(data), "dev": len(rows) // 2}), encoding="utf-8")
    return data, model, saved


def test_thresholds_alone_change_and_the_card_with_them(corpus_and_model, analyser):
    data, model, before = corpus_and_model
    heads = (model / "triage.npz").read_bytes()
    said = []
    report = set_thresholds(data, model, analyser, progress=said.append)
    after = json.loads((model / "thresholds.json").read_text(encoding="utf-8"))
    assert (model / "triage.npz").read_bytes() == heads
    assert after["calibration"].keys() == before["calibration"].keys()
    assert after["calibration"] != before["calibration"]
    assert report["n"]["emergencies"] == len(DANGER)
    assert said
    assert after["corpus"] == corpus_digest(data)
    assert f"{len(DANGER)}" in (model / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_heads_of_another_corpus_have_to_be_trained(corpus_and_model, analyser):
    data, model, _ = corpus_and_model
    with (data / "a.jsonl").open("a", encoding="utf-8") as lines:
        lines.write((data / "a.jsonl").read_text(encoding="utf-8").splitlines()[0].replace("devd0", "devd9") + "\n")
    before = (model / "thresholds.json").read_bytes()
    with pytest.raises(ValueError, match="other data"):
        set_thresholds(data, model, analyser)
    assert (model / "thresholds.json").read_bytes() == before


def test_a_family_written_from_these_voices_is_not_credited_with_catching_them(analyser, triage):
    texts = ["저를 찾지 마세요", "살려주세요"]
    examples = [Example(str(i), text, Urgency.LIFE_THREAT, Category.OTHER, "ko", (), False, "v", "dev") for i, text in enumerate(texts)]
    assert Dev(analyser, examples, triage.mean).ruled.tolist() == [False, True]
