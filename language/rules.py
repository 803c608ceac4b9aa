"""Explicit calls for rescue. A rule can only raise what the classifier said; words around it that speak of other times soften it to a question."""

from __future__ import annotations

import re
from dataclasses import dataclass

from language.categories import Category, Urgency


@dataclass(frozen=True)
class Rule:
    """A pattern over the text without spaces (`squeezed`) or as written, and what it asks for at least."""

    name: str
    pattern: re.Pattern[str]
    urgency: Urgency
    category: Category | None = None
    is_squeezed: bool = True
    is_certain: bool = True


@dataclass(frozen=True)
class Hit:
    """A rule that matched. Alone it escalates, asks, or (softened) only strengthens a doubt that is already there."""

    name: str
    urgency: Urgency
    category: Category | None
    is_certain: bool
    is_softened: bool


def _squeezed(name: str, pattern: str, urgency: Urgency, category: Category | None = None, certain: bool = True) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), urgency, category, True, certain)


def _written(name: str, pattern: str, urgency: Urgency, category: Category | None = None, certain: bool = True) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), urgency, category, False, certain)


_LIFE, _URGENT = Urgency.LIFE_THREAT, Urgency.URGENT
RULES = (
    _squeezed("rescue", r"살려[주줘달도]|살려[조쥬죠져]|사람살려|구해(?:주세요|줘|주십)|구조해?(?:주세요|줘|요청합|바랍)", _LIFE),
    _squeezed("in_danger", r"(?:지금|저|제가|우리|여기|너무)(?:좀|너무|많이)?위험(?:해요|합니다|해$|해\W|한상황|한상태)|위험에처", _LIFE),
    # Initials typed in fear: 살려줘, 살려주세요, 살려달라, 도와줘, 도와주세요. Only as a word of their own.
    _written("initials", r"(?<![ㄱ-ㅎ])(?:ㅅㄹㅈ|ㅅㄹㅈㅅㅇ|ㅅㄹㅈㅇ|ㅅㄹㄷ|ㅅㄹㄷㄹ|ㄷㅇㅈ|ㄷㅇㅈㅅㅇ|ㄷㅇㅈㅇ|"
        r"ㄱㅎㅈ|ㄱㅎㅈㅅㅇ|ㅅㅅㄹ|ㄴㅊㄷ)(?![ㄱ-ㅎ])", _LIFE),
    _written("sos", r"(?<![A-Za-z])(?:s\.?o\.?s|mayday|may day)(?![A-Za-z])", _LIFE),
    _written(
        "help_english",
        r"\bhelp me\b(?=\s*(?:[!.,?~]|$|please|now|they|he|she|i'?m|i am))|\b(?:i'?m|i am|we'?re|we are) (?:in danger|"
        r"trapped|being (?:held|followed|attacked))"
        r"|\bsave (?:me|us)\b|\bplease help\b(?=\s*[!.]*\s*$)",
        _LIFE,
    ),
    _written("help_other", r"助けて(?!いただきありがとう|くれてありがとう)|たすけて|救命|救救我|救我|cứu (?:tôi|em|"
        r"con|mình|chúng)|au secours|ay[uú]denme|auxilio|socorro|спасите|помогите(?!\s+\w+[тч]ь)", _LIFE),
    _squeezed("locked_in", r"(?:갇혔|갇혀있|감금(?:됐|되어|당하고|당했어|중)|납치(?:됐|당했어|당하고|"
        r"되고))", _LIFE, Category.CONFINEMENT, False),
    _squeezed("self_harm", r"(?:자살|목숨을끊|목을매|뛰어내리)(?:하고싶|하려|할거|할래|할까|려고|고싶)|죽고싶(?!다는|"
        r"을만큼|을정도|게맛)|살기싫|그만살고|더는못살", _LIFE, Category.SELF_HARM, False),
    _squeezed("police_now", r"(?:지금|빨리|당장|제발)(?:좀)?(?:경찰|구급차|앰뷸런스|앰블런스|119|911)(?:좀)?(?:불러|보내|와)", _URGENT),
    # A message that is nothing but a call: one word, a number, a sign.
    _squeezed("bare_call", r"^(?:🆘|도와(?:줘|주세요|주십시오|줘요|달라|주라)|구조|구조요청|help|emergency|응급(?:상황)?(?:이에요|입니다)?|"
        r"긴급상황(?:이에요|입니다)?|위급(?:해요|합니다|상황)?|위험|감금|납치|119|112|911|110|999|救急|緊急|紧急|cấp cứu)+[!.~?ㅠㅜ,]*$", _LIFE),
    _written("sos_sign", r"🆘", _LIFE),
    _squeezed("police_call", r"(?:경찰|구급차|앰뷸런스|앰블런스|119)(?:좀|을|를)?(?:빨리)?(?:불러(?:줘|주세요|주십|달)|보내(?:줘|주세요))", _URGENT),
    _squeezed("help_begging", r"제발(?:좀|저좀|저희좀|빨리)?도와|도와주세요?제발|급해요도와|도와주세요?[!.ㅠㅜ]*$", _URGENT, None, False),
)  # fmt: skip

# Other times, other people, other worlds: the same words then are a question, a story or thanks.
_SOFTENERS = re.compile(
    r"영화|드라마|소설|게임|노래|가사|웹툰|대사|자막|만화|공연|연극|유튜브|과제|발표|논문|레포트|보고서|번역|뜻이|"
    r"무슨\s?뜻|의미|표현|단어|뉴스|기사|방송|다큐|"
    r"대처|예방|훈련|교육|캠페인|모의|연습|시나리오|매뉴얼|만약|혹시라도|경우|당했을\s?때|하면\s?어떻게|"
    r"작년|재작년|지난\s?(?:해|달|주)|예전|옛날|몇\s?년\s?전|년\s?전|덕분|감사|고마|"
    r"소리가|ㅋㅋ|ㅎㅎ|배고파|배불러|더워|귀여|웃겨|졸려|심심|맛있|예뻐|과장|월요일|다이어트|시험|"
    r"movie|novel|song|lyric|drama|homework|essay|story|article|last (?:year|month)|映画|ドラマ|歌|小説|电影|小说|phim|bài hát",
    re.IGNORECASE,
)


def hits(text: str) -> tuple[Hit, ...]:
    """The rules that match a normalised text."""
    squeezed = re.sub(r"\s+", "", text)
    is_softened = _SOFTENERS.search(text) is not None
    found = []
    for rule in RULES:
        match = rule.pattern.search(squeezed if rule.is_squeezed else text)
        if match:
            found.append(Hit(rule.name, rule.urgency, rule.category, rule.is_certain, is_softened))
    return tuple(found)
