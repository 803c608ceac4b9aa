"""What the KakaoTalk channel says by itself, in the language of the person. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.contract import DANGER, Action, ActionKind, Limit, Outbound
from bot.channels.splitting import cut
from bot.channels.words import words
from knowledge_base.phrases import spoken_language

#: The choice behind the button that asks for an answer that was late.
MORE = "kakao:more"
LABEL = Limit(14)


@dataclass(frozen=True)
class Sentences:
    """The sentences of one language; ``{hotline}`` is the number to call."""

    late: str
    later: str
    passed_on: str
    down: str
    more: str
    consult: str
    over_consult: str
    operator: str
    empty: str
    group: str
    #: Where somebody may read along: no number, no word of help.
    quiet: str
    go_on: str


SENTENCES = {
    "ko": Sentences(
        "답을 준비하고 있습니다. 잠시 뒤 아래 ‘답 보기’를 눌러 주세요. 위험하거나 급하면 {hotline} 로 전화하세요.",
        "답을 준비하고 있습니다. 준비되면 이 대화방으로 보내 드립니다. 위험하거나 급하면 {hotline} 로 전화하세요.",
        "상담관에게 전했습니다. 위험하거나 급하면 {hotline} 로 전화하세요. 24시간 받습니다.",
        "지금은 글을 받지 못하고 있습니다. 위험하거나 급하면 영사안전콜센터 {hotline} 로 전화하세요. 24시간 받습니다.",
        "답 보기", "상담 이어가기", "아래 단추를 누르면 이 카카오톡에서 상담관과 이어서 이야기합니다.",
        "상담원 연결", "무엇을 도와드릴까요? 글로 적어 주세요. 위험하면 {hotline} 로 전화하세요.",
        "여럿이 있는 방에서는 상담하지 않습니다. 채널과의 1:1 대화방에 적어 주세요. 위험하면 {hotline} 로 전화하세요.",
        "네, 확인했습니다.", "이어서 보기",
    ),
    "en": Sentences(
        "Your answer is being prepared. Tap “See answer” below in a moment. In danger, call {hotline}.",
        "Your answer is being prepared and will be sent here. In danger, call {hotline}.",
        "Your message has been passed to a counsellor. In danger, call {hotline}, day and night.",
        "We cannot take messages right now. In danger or in a hurry, call {hotline}, day and night.",
        "See answer", "Go on talking", "Tap below to go on with a counsellor here in KakaoTalk.",
        "Counsellor", "How can we help? Please write. In danger, call {hotline}.",
        "We do not answer in group chats. Please write to the channel itself. In danger, call {hotline}.",
        "Thank you, noted.", "Continue",
    ),
    "ja": Sentences(
        "回答を準備しています。少ししてから下の「回答を見る」を押してください。危険なときは {hotline} に電話してください。",
        "回答を準備しています。できしだいこのトークにお送りします。危険なときは {hotline} に電話してください。",
        "相談員に伝えました。危険なときは {hotline} に電話してください。24時間つながります。",
        "ただいまメッセージを受け取れません。危険なときは {hotline} に電話してください。24時間つながります。",
        "回答を見る", "相談を続ける", "下のボタンを押すと、このカカオトークで相談員と続けて話せます。",
        "相談員につなぐ", "どのようなご用件ですか。文字でお書きください。危険なときは {hotline} に電話してください。",
        "グループトークではご相談をお受けしません。チャンネルとの 1:1 トークにお書きください。危険なときは {hotline} に電話してください。",
        "はい、確認しました。", "続きを見る",
    ),
    "zh": Sentences(
        "正在准备回答。请稍后点按下面的“查看回答”。如有危险,请致电 {hotline}。",
        "正在准备回答,完成后会发送到此聊天。如有危险,请致电 {hotline}。",
        "已转给咨询员。如有危险,请致电 {hotline},全天 24 小时。",
        "目前无法接收消息。如有危险或紧急情况,请致电 {hotline},全天 24 小时。",
        "查看回答", "继续咨询", "点按下面的按钮,即可在此 KakaoTalk 中继续与咨询员交谈。",
        "转接咨询员", "请问需要什么帮助?请输入文字。如有危险,请致电 {hotline}。",
        "我们不在群聊中提供咨询。请在与频道的一对一聊天中输入。如有危险,请致电 {hotline}。",
        "好的,已确认。", "继续查看",
    ),
}  # fmt: skip


def sentences(language: str) -> Sentences:
    """The sentences of a language that we have them in, else of English."""
    return SENTENCES.get(spoken_language(language), SENTENCES["en"])


def late(language: str, hotline: str, *, comes_by_itself: bool) -> Outbound:
    """The holding reply: the answer is not there yet."""
    said = sentences(language)
    text = (said.later if comes_by_itself else said.late).format(hotline=hotline)
    more = () if comes_by_itself else (Action(ActionKind.CHOICE, cut(said.more, LABEL), MORE, said.more),)
    return Outbound(text, quick_replies=(*more, danger(language)))


def danger(language: str) -> Action:
    """The danger button."""
    title = words(language).danger
    return Action(ActionKind.CHOICE, cut(title, LABEL), DANGER, title)
