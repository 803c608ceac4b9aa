"""What stands on the danger button is the danger button, also where it is written: not every messenger has buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.channels.greeting import GREETING
from bot.channels.kakao.parsing import asked
from bot.channels.line.parsing import Said as LineSaid
from bot.channels.line.parsing import happenings
from bot.channels.sms import incoming
from bot.channels.wechat.parsing import Said as WeChatSaid
from bot.channels.wechat.parsing import happening
from bot.channels.words import WORDS, means_danger
from conversation.schemas import InboundKind

AT = datetime(2026, 11, 22, tzinfo=UTC)


def by_line(text: str) -> InboundKind:
    message = {"type": "text", "id": "1", "text": text}
    event = {"type": "message", "mode": "active", "timestamp": int(AT.timestamp() * 1000), "source": {"type": "user", "userId": "U1"}, "webhookEventId": "1"}
    (said,) = happenings({"events": [event | {"replyToken": "t", "message": message}]}, AT)
    assert isinstance(said, LineSaid)
    return said.inbound.kind


def by_wechat(text: str) -> InboundKind:
    said = happening("wechat_mini", {"FromUserName": "o1", "MsgType": "text", "MsgId": "1", "Content": text}, AT, str)
    assert isinstance(said, WeChatSaid)
    return said.inbound.kind


def by_kakao(text: str) -> InboundKind:
    said = asked({"userRequest": {"user": {"id": "u"}, "utterance": text}})
    assert said is not None
    inbound = said.inbound("1")
    assert inbound is not None
    return inbound.kind


def by_sms(text: str) -> InboundKind:
    return incoming.inbound("821012345678", text, "1").kind


@pytest.mark.parametrize("kind_of", [by_line, by_wechat, by_kakao, by_sms])
@pytest.mark.parametrize("language", WORDS)
def test_on_every_messenger_in_every_language(kind_of: Callable[[str], InboundKind], language: str) -> None:
    danger = WORDS[language].danger
    assert [kind_of(text) for text in (danger, f"  {danger.upper()}!! ", danger.replace(" ", "  "))] == [InboundKind.DANGER] * 3
    assert kind_of(f"“{danger}” 단추가 뭐예요?") is InboundKind.TEXT


@pytest.mark.parametrize("language", GREETING)
def test_the_greeting_names_the_words_as_they_are(language: str) -> None:
    said = GREETING[language][0]
    assert WORDS[language].danger in said
    assert means_danger(WORDS[language].danger)
