"""The danger question answered by hand. Pure.

Who types "네" below the two buttons has said it as plainly as who presses one: nobody in danger waits until the question's clock has run out. Only whole
messages count: "아니요 근데 무서워요" is for triage, and that somebody is fine says nothing about danger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.escalation import NO, YES

_AROUND = re.compile(r"[\s.,!?~…。！？،؟ㅠㅜ]+")
_YES_WORDS = """
네 넵 넹 넴 네네 예 예예 응 응응 웅 어 어어 ㅇ ㅇㅇ ㅇㅇㅇ 맞아 맞아요 맞습니다 그래 그래요 그렇습니다
위험 위험해 위험해요 위험합니다 네위험해요 네위험합니다 응위험해 1
yes y yeah yep yess yesiam はい うん ええ そう そうです 危険です はい危険です 是 是的 对 對 有 有危险 有危險 嗯
có vâng dạ oui ouais sí si да ага ใช่ ใช่ค่ะ ใช่ครับ نعم
"""
_NO_WORDS = """
아니 아니요 아니오 아뇨 아니에요 아니예요 아닙니다 아님 ㄴ ㄴㄴ ㄴㄴㄴ 노노 no n nope nah
いいえ いや ううん 不 不是 没有 沒有 không non нет ไม่ ไม่ใช่ لا
"""
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(_NO_WORDS.split())


def answer(content: Mapping[str, Any]) -> str:
    """The choice that a typed message stands for if the question is open; empty for any other message."""
    text = str(content.get("text") or "")
    if content.get("choice") or len(text) > 40:
        return ""
    said = _AROUND.sub("", text).casefold()
    return YES if said in _YES else NO if said in _NO else ""
