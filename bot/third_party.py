"""Somebody asks about somebody else: is he with you, has she called, where are they? One set sentence for all, looked up nowhere. Pure.

Whoever asks may be who the other has fled from. So it is answered alike whether the person is known to us or not, and before anything else is asked.
"""

from __future__ import annotations

import re
import unicodedata

from bot.phrases import PERSON
from conversation.schemas import Body, Button
from knowledge_base.phrases import PERSON as PERSON_TITLES
from knowledge_base.phrases import spoken_language

ANSWER = {
    "ko": "누가 저희와 이야기했는지, 그분이 어디에 계신지는 가족께도 알려 드리지 않습니다. 이야기한 적이 있는지 없는지도 말씀드리지 않습니다.\n"
    "그분이 걱정되시면 상담관에게 말씀해 주세요.",
    "en": "We tell nobody, not even family, who has talked to us or where anybody is, nor whether somebody has talked to us at all.\n"
    "If you are worried about somebody, tell a counsellor.",
    "ja": "どなたが私たちと話したか、その方がどこにいるかは、ご家族にもお伝えしません。話したことがあるかどうかもお答えしません。\n"
    "その方のことがご心配なら、相談員にお話しください。",
    "zh": "谁与我们交谈过、此人在哪里,我们不会告诉任何人,包括家人;是否有人联系过我们也不透露。\n如果您担心某人,请告诉咨询员。",
}
#: Whom a message is addressed to is nobody that it asks after.
_NO_TITLE = "(?<!영사|대사|직원|선생|고객|챗봇)(?<!상담관|상담사|상담원|담당관|담당자|실무관|주무관|사무관|길동무)"
_KIN = (
    r"(?:남편|아내|와이프|집사람|신랑|신부|배우자|애인|남자\s?친구|여자\s?친구|남친|여친|엄마|아빠|어머니|아버지|부모님?|아들|딸|동생|누나|오빠|언니|조카|사촌|"
    r"삼촌|이모|고모|할머니|할아버지|친구|며느리|사위|룸메이트|전남편|전처|"
    rf"[가-힣]{{2,4}}(?:\s?씨|{_NO_TITLE}\s?님)|[가-힣A-Za-z ]{{2,20}}(?:이)?라는\s?(?:사람|분|여자|남자)|(?:이런|그런|제가 찾는)\s?(?:사람|분|여자|남자))"
)
_HERE = r"(?:거기|그쪽|그곳|여기|이쪽|대사관|영사관|공관|상담\s?센터|콜\s?센터|상담관|상담소)"
_KIN_EN = r"(?:my |the )?(?:husband|wife|son|daughter|brother|sister|mother|father|girlfriend|boyfriend|partner|friend|(?-i:[A-Z][a-z]+))"
#: The end of a question; what may as well be a statement needs its mark.
_ASKS = r"(?:(?:나요|습니까|ㅂ니까|는지|었는지|을까요|ㄹ까요|까요|가요|던가요)|(?:어요|아요|죠|지요|지|니|냐|나|어)\s*\?)"
_ASKED_FOR = r"(?:연락|신고|상담|접수|문의|전화|도움\s?요청|구조\s?요청)"
#: Not what the writer offers to tell ("알려 드릴게요").
_WANTED = r"(?:(?:알려|가르쳐|말해)(?!\s?(?:드|줄게))|조회|추적|알\s?수)"
_LETTERS = r"[a-z]{2}"
#: What a question of the kind must hold, and the question: most messages hold nothing of it, and looking for a person at each place of a text takes long.
_PATTERNS = tuple(
    (re.compile(part, re.I), re.compile(pattern, re.I))
    for part, pattern in (
        # is he with you, has he come
        (_HERE, rf"{_KIN}.{{0,12}}{_HERE}.{{0,8}}(?:있|와\s?있|왔|갔|들렀|들어갔|계시|계신|머물|숨)[가-힣]{{0,4}}{_ASKS}"),
        # has he called, reported, talked to you
        (
            _ASKED_FOR,
            rf"{_KIN}.{{0,20}}{_ASKED_FOR}[을를이가은는도]?\s?"
            rf"(?:했|하셨|온\s?적|왔|들어온|들어왔|받았|받으셨|남겼|한\s?적)[가-힣 ]{{0,6}}{_ASKS}",
        ),
        # where is he
        (
            _WANTED,
            rf"{_KIN}(?:.{{0,12}}(?:어디\s?(?:에\s?)?(?:있|계|갔|사는|머물)[가-힣]{{0,4}}|위치|소재|행방|있는\s?곳|계신\s?곳)|"
            rf"의?\s?(?:연락처|거처|숙소))[을를이가은는도]?.{{0,10}}{_WANTED}",
        ),
        (_LETTERS, rf"\b(?:is|are|was) {_KIN_EN}\b.{{0,30}}\b(?:with you|there|at the (?:embassy|consulate)|been in touch)\b.{{0,20}}\?"),
        (
            _LETTERS,
            rf"\b(?:has|have|did) {_KIN_EN}\b.{{0,30}}"
            r"\b(?:contact|call|talk|report|write|reach|come to)\w*\b.{0,20}\b(?:you|embassy|consulate|police)\b",
        ),
        (
            _LETTERS,
            r"\b(?:tell|show|give) me where "
            r"(?:my (?:husband|wife|son|daughter|brother|sister|mother|father|girlfriend|boyfriend|partner|friend)|he|she|they)\b",
        ),
    )
)


def asks(text: str) -> bool:
    """Whether a message asks what is known of another person."""
    read = " ".join(unicodedata.normalize("NFKC", text).split())
    return any(part.search(read) and pattern.search(read) for part, pattern in _PATTERNS)


def answer(language: str) -> Body:
    """The set sentence, with the way to a person: who is worried is heard."""
    spoken = spoken_language(language)
    said = spoken if spoken in ANSWER else "en"
    return Body(ANSWER[said], kind="third_party", buttons=(Button(PERSON_TITLES[spoken], PERSON),))
