"""What the WeChat channel says by itself: two sentences because its company reads along, and two for when we are late. Pure."""

from __future__ import annotations

from conversation.schemas import Body

#: Bodies of this kind are ours word for word.
KIND = "platform_notice"

_NEUTRAL = {
    "ko": "상담 창구에서 전할 말씀이 있습니다. 이 메신저는 운영 회사가 대화를 볼 수 있어 여기에는 적지 않습니다. {ways}",
    "en": "We have something to tell you. The company that runs this messenger can read this chat, so we do not write it here. {ways}",
    "ja": "お伝えしたいことがあります。このメッセンジャーは運営会社が会話を見ることができるため、ここには書きません。{ways}",
    "zh": "我们有话要转告您。本平台的运营公司可以看到对话内容,因此不写在这里。{ways}",
}
_NOTICE = {
    "ko": "위챗 대화는 위챗 운영 회사가 볼 수 있습니다. 여권번호, 주민등록번호, 신분증 사진은 여기에 보내지 마세요. {ways}",
    "en": "The company that runs WeChat can read this chat. Do not send passport numbers or pictures of documents here. {ways}",
    "ja": "WeChat の運営会社はこの会話を見ることができます。旅券番号や身分証の写真はここに送らないでください。{ways}",
    "zh": "微信的运营公司可以看到此对话。请不要在这里发送护照号码或证件照片。{ways}",
}
_WAYS = {
    "ko": ("다른 방법: 웹 상담 {url} , 전화 {hotline} (24시간)", "다른 방법: 전화 {hotline} (24시간)"),
    "en": ("Other ways: web chat {url} , telephone {hotline} (24 hours)", "Another way: telephone {hotline} (24 hours)"),
    "ja": ("ほかの方法: ウェブ相談 {url} 、電話 {hotline} (24時間)", "ほかの方法: 電話 {hotline} (24時間)"),
    "zh": ("其他方式: 网页咨询 {url} , 电话 {hotline} (24小时)", "其他方式: 电话 {hotline} (24小时)"),
}
#: Nobody waits for the answer in the request; it comes through the customer-service interface.
_LATER = {
    "ko": "답을 준비하고 있습니다. 준비되면 이 대화방으로 보내 드립니다. 위험하거나 급하면 {hotline} 로 전화하세요.",
    "en": "Your answer is being prepared and will be sent here. In danger, call {hotline}.",
    "ja": "回答を準備しています。できしだいこのトークにお送りします。危険なときは {hotline} に電話してください。",
    "zh": "正在准备回答,完成后会发送到此聊天。如有危险,请致电 {hotline}。",
}
#: Before anything could be read, in whatever language it is; a write that has not been answered may still come about.
UNSURE = "글이 제대로 들어왔는지 확인하지 못했습니다. 위험하거나 급하면 영사안전콜센터 {hotline} 로 전화하세요. 24시간 받습니다."


def later(language: str, hotline: str) -> str:
    """The holding sentence."""
    return _LATER.get(language, _LATER["en"]).format(hotline=hotline)


def neutral(language: str, url: str, hotline: str) -> Body:
    """What goes instead of words that stay here."""
    return _said(_NEUTRAL, language, url, hotline)


def notice(language: str, url: str, hotline: str) -> Body:
    """What is said first: that the platform can read along, and how to speak otherwise."""
    return _said(_NOTICE, language, url, hotline)


def _said(texts: dict[str, str], language: str, url: str, hotline: str) -> Body:
    known = language if language in texts else "en"
    both, by_phone = _WAYS[known]
    ways = both.format(url=url, hotline=hotline) if url else by_phone.format(hotline=hotline)
    return Body(texts[known].format(ways=ways), kind=KIND)
