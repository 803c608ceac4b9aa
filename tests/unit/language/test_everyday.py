import pytest

from language import everyday


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fci_train_val.txt").write_text("1\t불 꺼줘\n1\t오늘 비 와\n2\t몇 시야\n", encoding="utf-8")
    (tmp_path / "fci_test.txt").write_text("1\t몇 시야\n1\t문 잠갔니\n", encoding="utf-8")
    return tmp_path


def test_training_never_sees_a_test_sentence(folder):
    assert everyday.read(folder, "test") == ["몇 시야", "문 잠갔니"]
    assert everyday.read(folder, "train") == ["불 꺼줘", "오늘 비 와"]
    assert {e.text for e in everyday.examples(folder)} == {"불 꺼줘", "오늘 비 와"}


def test_a_file_is_read_as_it_is(folder):
    assert everyday.read(folder / "fci_test.txt") == ["몇 시야", "문 잠갔니"]


def test_alarming_sentences_are_left_out(folder, tmp_path, monkeypatch):
    names = tmp_path / "names.txt"
    names.write_text(everyday.fingerprint("몇 시야") + "\n", encoding="ascii")
    monkeypatch.setattr(everyday, "ALARMING", names)
    assert everyday.read(folder) == ["문 잠갔니"]


def test_without_a_path_there_are_none():
    assert everyday.examples(None) == []


def test_the_labels_are_fingerprints_only():
    lines = everyday.ALARMING.read_text(encoding="ascii").split()
    assert len(lines) >= 40
    assert all(len(line) == 16 and int(line, 16) >= 0 for line in lines)
