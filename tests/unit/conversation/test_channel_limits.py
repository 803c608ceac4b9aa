"""How long a text is, as each channel counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conversation import limits
from conversation.schemas import ChannelLimits, TextUnit


@pytest.mark.parametrize(
    ("text", "characters", "utf16", "utf8", "euc_kr"),
    [
        ("", 0, 0, 0, 0),
        ("abc", 3, 3, 3, 3),
        ("도와주세요", 5, 5, 15, 10),
        ("a도", 2, 2, 4, 3),
        ("🆘", 1, 2, 4, 2),
        ("한\n글", 3, 3, 7, 5),
        ("\ud800", 1, 1, 3, 2),
    ],
)
def test_length(text: str, characters: int, utf16: int, utf8: int, euc_kr: int) -> None:
    assert [unit.length(text) for unit in TextUnit] == [characters, utf16, utf8, euc_kr]


@pytest.fixture
def registry() -> Iterator[None]:
    known = dict(limits._known)
    yield
    limits._known.clear()
    limits._known.update(known)


@pytest.mark.usefixtures("registry")
async def test_a_channel_says_its_own_and_one_that_says_nothing_has_a_length_alone() -> None:
    async def five_left(_connection: object, row: object) -> ChannelLimits:
        return ChannelLimits(600, TextUnit.UTF8, messages_left=5)

    limits.register("somewhere", five_left)
    assert await limits.limits(None, {"channel": "somewhere"}, 4000) == ChannelLimits(600, TextUnit.UTF8, 5)  # type: ignore[arg-type]
    assert await limits.limits(None, {"channel": "elsewhere"}, 4000) == ChannelLimits(4000)  # type: ignore[arg-type]
    assert await limits.limits(None, {"channel": "webchat"}, 4000) == ChannelLimits(4000, images=True, files=True)  # type: ignore[arg-type]
