"""Encryption at rest: what was moved, changed or sealed with a lost key does not open; keys rotate; the key file is private."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import Cipher, hash_token, load_cipher, new_token
from core.errors import StartError

ONE = Cipher({1: b"1" * 32}, 1, b"p" * 32)
BOTH = Cipher({1: b"1" * 32, 2: b"2" * 32}, 2, b"p" * 32)
SENTENCE = "여권을 잃어버렸어요"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_again(text: str) -> None:
    assert ONE.open(ONE.seal(text, "messages.body"), "messages.body") == text


def test_the_same_sentence_never_looks_the_same() -> None:
    assert ONE.seal(SENTENCE, "a") != ONE.seal(SENTENCE, "a")


def test_a_blob_moved_to_another_column_does_not_open() -> None:
    with pytest.raises(InvalidTag):
        ONE.open(ONE.seal(SENTENCE, "messages.body"), "cases.summary")


@pytest.mark.parametrize("position", [2, 13, 14, -1])
def test_a_changed_blob_does_not_open(position: int) -> None:
    blob = bytearray(ONE.seal(SENTENCE, "a"))
    blob[position] ^= 1
    with pytest.raises(InvalidTag):
        ONE.open(bytes(blob), "a")


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\x01", b"\x02\x01" + b"0" * 40, b"\x01\x09" + b"0" * 40])
def test_an_unknown_version_or_key_is_said_plainly(blob: bytes) -> None:
    with pytest.raises(ValueError, match="unknown version or key"):
        ONE.open(blob, "a")


class TestRotation:
    def test_old_blobs_open_with_the_new_keys(self) -> None:
        assert BOTH.open(ONE.seal(SENTENCE, "a"), "a") == SENTENCE

    def test_new_blobs_carry_the_new_key(self) -> None:
        blob = BOTH.seal(SENTENCE, "a")
        assert blob[1] == 2
        with pytest.raises(ValueError, match="unknown version or key"):
            ONE.open(blob, "a")

    def test_a_key_under_another_keys_number_does_not_open(self) -> None:
        exchanged = replace(ONE, keys={1: b"x" * 32})
        with pytest.raises(InvalidTag):
            exchanged.open(ONE.seal(SENTENCE, "a"), "a")

    def test_a_second_key_in_the_file_is_used(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.json"
        before = load_cipher(path).seal(SENTENCE, "a")
        content = json.loads(path.read_text())
        content["keys"]["2"], content["current"] = "Mg" * 21 + "I=", 2
        path.write_text(json.dumps(content))
        after = load_cipher(path)
        assert after.open(before, "a") == SENTENCE
        assert after.seal(SENTENCE, "a")[1] == 2


class TestPseudonym:
    def test_the_same_person_gives_the_same_word(self) -> None:
        assert ONE.pseudonym("+821012345678") == BOTH.pseudonym("+821012345678")

    def test_it_needs_the_key(self) -> None:
        assert ONE.pseudonym("+821012345678") != replace(ONE, pseudonym_key=b"q" * 32).pseudonym("+821012345678")


class TestKeyFile:
    def test_it_is_made_once_and_private(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "keys.json"
        first, second = load_cipher(path), load_cipher(path)
        assert first == second
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(path.parent) == ["keys.json"]

    def test_many_starters_read_one_file(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: load_cipher(tmp_path / "keys.json"), range(24)))
        assert all(cipher == found[0] for cipher in found)

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": {"1": "!"}, "current": 1}', '{"keys": 1, "current": 1, "pseudonym_key": ""}'])
    def test_a_broken_file_is_one_plain_sentence(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "keys.json"
        path.write_text(content)
        with pytest.raises(StartError, match=r"keys\.json cannot be used"):
            load_cipher(path)
        assert path.read_text() == content


def test_tokens_are_long_random_and_stored_as_a_hash() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 for token in tokens)
    assert len(hash_token(new_token())) == 32
