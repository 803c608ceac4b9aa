"""What a person reads who has just found us on a messenger. Not every messenger has buttons, but the danger button's words do the same as it. Pure."""

from __future__ import annotations

from bot.phrases import PERSON
from conversation.schemas import Body, Button
from knowledge_base.phrases import spoken_language

GREETING = {
    "ko": (
        "안녕하세요. 재외국민 영사 상담 창구입니다. 여권, 입국, 안전에 관해 물어보세요.\n"
        "위험하면 ‘지금 위험해요’를 누르거나 그대로 적어 보내세요. 영사안전콜센터 {hotline} 로 전화해도 됩니다. 24시간 받습니다.",
        "상담관과 이야기",
    ),
    "en": (
        "Hello. This is the consular help desk for Koreans abroad. Ask about passports, entry and safety.\n"
        "In danger, tap or write “I am in danger”, or call {hotline}, day and night.",
        "Talk to a counsellor",
    ),
    "ja": (
        "こんにちは。在外韓国国民のための領事相談窓口です。旅券、入国、安全についてお尋ねください。\n"
        "危険なときは「今、危険です」を押すか、そのまま書いて送ってください。{hotline} への電話は24時間つながります。",
        "相談員と話す",
    ),
    "zh": (
        "您好。这里是为海外韩国公民提供的领事咨询窗口。可以询问护照、入境和安全。\n如有危险,请点按或直接写“我现在有危险”,也可致电 {hotline},全天 24 小时。",
        "与咨询员交谈",
    ),
}


def greeting(language: str, hotline: str) -> Body:
    """The greeting, with the number to call in its words."""
    text, person = GREETING.get(spoken_language(language), GREETING["en"])
    return Body(text.format(hotline=hotline), kind="greeting", buttons=(Button(person, PERSON),))
