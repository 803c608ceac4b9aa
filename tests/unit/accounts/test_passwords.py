import pytest

from accounts import passwords


@pytest.mark.parametrize(
    ("password", "login", "good"),
    [
        ("elevenchars", "minji", False),
        ("twelve chars", "minji", True),
        ("minji.kim.2026", "minji.kim.2026", False),
        ("MINJI.KIM.2026", "minji.kim.2026", False),
        ("ｍｉｎｊｉ.kim.2026", "minji.kim.2026", False),
        ("aaaaaaaaaaaa", "minji", False),
        ("긴 문장은 외우기 쉽습니다", "minji", True),
        ("x" * 50 + "abcdefgh" * 30, "minji", False),
    ],
)
def test_rule(password, login, good):
    assert (passwords.problem(password, login) is None) is good


async def test_round_trip_and_nobody():
    stored = await passwords.hash_password("다섯 마리의 고래가 헤엄친다")
    assert stored.startswith("$argon2id$")
    assert "고래" not in stored
    assert await passwords.matches(stored, "다섯 마리의 고래가 헤엄친다")
    assert not await passwords.matches(stored, "여섯 마리의 고래가 헤엄친다")
    assert not await passwords.matches(None, "an account that does not exist")
    assert not await passwords.matches("not a hash", "anything at all")
