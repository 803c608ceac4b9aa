"""Explicit calls for rescue. A rule can only raise what the classifier said; words around it that speak of other times soften it to a question."""

from __future__ import annotations

import re
from dataclasses import dataclass

from language.categories import Category, Urgency
from language.quiet_rules import QUIET


@dataclass(frozen=True)
class Rule:
    """A pattern over the text without spaces (`squeezed`) or as written, and what it asks for at least."""

    name: str
    pattern: re.Pattern[str]
    urgency: Urgency
    category: Category | None = None
    is_squeezed: bool = True
    is_certain: bool = True
    # Alone it asks nothing; it makes a doubt count that would else be too small.
    is_hint: bool = False


@dataclass(frozen=True)
class Hit:
    """A rule that matched. Alone it escalates, asks, or (softened) only strengthens a doubt that is already there."""

    name: str
    urgency: Urgency
    category: Category | None
    is_certain: bool
    is_softened: bool
    is_hint: bool = False


def _squeezed(name: str, pattern: str, urgency: Urgency, category: Category | None = None, certain: bool = True) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), urgency, category, True, certain)


def _written(name: str, pattern: str, urgency: Urgency, category: Category | None = None, certain: bool = True) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), urgency, category, False, certain)


_LIFE, _URGENT = Urgency.LIFE_THREAT, Urgency.URGENT
_SIGHS = r"[!.~?…,ㅠㅜ🙏😭😢😨😰😱\ufe0f]*"
_PLEAS = (
    r"제발|빨리|얼른|급해|급함|급합니다|살|살려|도와|도움|도움이?필요(?:해|합니다)?|오지마|하지마|놔|놔줘|큰일(?:났어|났다|났습니다|남)?|"
    r"사고|강도|도둑|지진|쓰나미|구급차|앰뷸런스|피|ㅅㅅㅅ|ㅅㄹ|ㅈㅂ|ㅃㄹ|ㅁㅅㅇ|please|pls|hurry|scared|怖い|こわい|早く|はやく|助|帮帮我|cứu|giúp(?:với|tôi)?"
)


def _not_after(start: str, words: str, particles: str) -> str:
    """What refuses the verb `start`, spaces taken out, where one of the words is its object; put right behind it, so that the search begins with the verb."""
    return "".join(f"(?<!{word}{particle}{start})" for word in words.split() for particle in ["", *particles.split()])


# One lives off them ("경력을 살려"), or finds them for somebody ("방 구해 주세요"); a husband (서방) and a home that burns (우리 집) are rescued.
_MADE_USE_OF = _not_after("살려", "전공 경력 경험 특기 장점 재능 강점", "을")
_LOOKED_FOR = _not_after("구해", r"(?<!우리)(?<!저희)집 (?<![서상])방 숙소 통역 통역사 변호사 일자리 (?<!대)표 약", "을 를 좀 을좀 를좀")
# A polite beginning, and no cry ("can you help me!", "could you help me he has a knife").
_POLITE = "".join(f"(?<!{verb} you {please})" for verb in ("can", "could", "would") for please in ("", "please "))
RULES = (
    _squeezed("rescue", rf"살려{_MADE_USE_OF}[주줘달도]|살려[조쥬죠져]|사람살려|구해{_LOOKED_FOR}(?:주세요|줘|주십)|구조해?(?:주세요|줘|요청합|바랍)", _LIFE),
    _squeezed("in_danger", r"(?:지금|저|제가|우리|여기|너무)(?:좀|너무|많이)?위험(?:해요(?!\.*\?)|합니다|해$|해(?!\?)\W|한상황|한상태)|위험에처", _LIFE),
    # Initials typed in fear: 살려줘, 살려주세요, 살려달라, 도와줘, 도와주세요. Only as a word of their own.
    _written("initials", r"(?<![ㄱ-ㅎ])(?:ㅅㄹㅈ|ㅅㄹㅈㅅㅇ|ㅅㄹㅈㅇ|ㅅㄹㄷ|ㅅㄹㄷㄹ|ㄷㅇㅈ|ㄷㅇㅈㅅㅇ|ㄷㅇㅈㅇ|"
        r"ㄱㅎㅈ|ㄱㅎㅈㅅㅇ|ㅅㅅㄹ|ㄴㅊㄷ)(?![ㄱ-ㅎ])", _LIFE),
    _written("sos", r"(?<![A-Za-z])(?:s\.?o\.?s|mayday|may day)(?![A-Za-z])", _LIFE),
    _written(
        "help_english",
        rf"{_POLITE}\bhelp me\b(?=\s*(?:[!.,?~]|$|please|now|they|he|she|i'?m|i am))|\bhelp me\b(?=\s*(?:!|(?:now|they|he|she)\b))"
        r"|\b(?:i'?m|i am|we'?re|we are) (?:in danger|"
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
    # Ten pieces or more of a medicine that have been swallowed; it is told calmly, since nothing hurts yet.
    Rule("overdose", re.compile(
        r"(?:수면제|진통제|타이레놀|감기약|안정제|알약|약[을를이]?)(?:벌써|한꺼번에|한번에|지금|방금|총|다)*"
        r"(?:[1-9]\d+|열|스무|스물|서른|마흔|쉰|예순|일흔|여든|아흔|백|수십)(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|몇|댓|여|개)?(?:알|정|개|봉지)(?:[을를]|정도|쯤|이나|넘게|이상)*"
        r"(?:(?!가져|반입|들고|처방|구매|세관)[^.!]){0,24}?(?:먹었(?!던)|먹어버|삼켰|삼켜버|털어넣|넘겼)"
        r"|(?:took|swallowed|taken)(?:about|around|like|all)?(?:[1-9]\d+|twenty|thirty|forty|fifty|thewholebottleof|awholebottleof)\w{0,12}(?:pills|tablets|capsules)"
        r"|(?:睡眠薬|薬)を?(?:[1-9]\d+|何十|数十)錠(?:も|くらい|ほど)*(?:飲|のん)|吃了?(?:[1-9]\d+|几十|一整瓶)[片粒颗]?(?:安眠药|药)", re.IGNORECASE),
        _LIFE, Category.SELF_HARM),
    _squeezed("police_now", r"(?:지금|빨리|당장|제발)(?:좀)?(?:경찰|구급차|앰뷸런스|앰블런스|119|911)(?:좀)?(?:불러|보내|와)", _URGENT),
    # A message that is nothing but a call: one word, a number, a sign.
    _squeezed("bare_call", r"^¡?(?:🆘|도와(?:줘|주세요|주십시오|줘요|달라|주라)|구조|구조요청|help|emergency|응급(?:상황)?(?:이에요|입니다)?|"
        r"긴급상황(?:이에요|입니다)?|위급(?:해요|합니다|상황)?|위험|감금|납치|119|112|911|110|999|救急|緊急|紧急|cấp ?cứu|"
        # … in other languages, with letters changed places, and in Hangul's keys on an English keyboard (살려줘, 도와줘).
        r"hlep|hepl|ayuda|ay[uú]d(?:a|e|en)(?:me|nos)|ayudaporfavor|porfavorayuda|aidez-?(?:moi|nous)|[àa]l['’]aide|hilfe|aiuto|ajuda|tolong(?:saya|kami)?|bantu(?:saya|kami)|tulong|saklolo|"
        r"ช่วย(?:ฉัน|ผม|หนู|เรา)?ด้วย(?:ค่ะ|คะ|ครับ)?|ไฟไหม้|النجدة|أنقذو?ني|انقذو?ني|ساعدو?ني|пожар|горим|tasukete(?:kudasai)?|"
        r"tkffuwn(?:j|tpdy)|ehdhkwn(?:j|tpdy))+[!.~?ㅠㅜ,]*$", _LIFE),
    # Nothing but a plea, a word for what happens, or its picture: too little for the classifier, and its writer may have no time for more.
    _squeezed("bare_plea", rf"^{_SIGHS}(?:(?:{_PLEAS})(?:좀|요)*{_SIGHS}|[🔪🗡🩸🚑🚨🚓🚒🔫💣💥🔥☠💀🤕⛑]{_SIGHS})+$", _URGENT, None, False),
    _written("sos_sign", r"🆘", _LIFE),
    _squeezed("police_call", r"(?:경찰|구급차|앰뷸런스|앰블런스|119)(?:좀|을|를)?(?:빨리)?(?:불러(?:줘|주세요|주십|달)|보내(?:줘|주세요))", _URGENT),
    # Plain words for what is happening to somebody: the classifier learnt them too, but one sentence in a thousand falls through.
    Rule("plain_words", re.compile(
        r"(?:농약|제초제|쥐약|청산|번개탄|수면제)[을를]?(?:마|먹|삼|피|샀)|(?:모아둔|모아놓은|모은)(?:수면제|약)|유서|목을?(?:맸|매고|매려|졸)|손목을?(?:그었|긋)|뛰어내리"
        r"|총[을를]?(?:쏘|쏴|쏩|들|겨|맞)|총(?:격|성|기난사)|칼[을를]?(?:들|휘|겨)|칼[에로](?:찔|맞|베)|흉기|괴한|인질|납치|감금|갇[혔힌혀]"
        r"|폭탄|폭발(?!적)|테러|공습|포격|폭격|미사일|해적|지뢰"
        r"|의식[이을]?(?:없|잃|안)|숨[을이]?(?:안쉬|못쉬|멎|멈|안쉰|못쉰)|호흡[이을]?(?:없|멈|안|곤란)|심장[이을]?(?:멈|멎|마비)|심정지|피를?(?:토|많이|흘)|쓰러[졌져지]|발작|경련"
        r"|물에(?:빠졌|빠져|빠진|떠내려)|익사|떠내려|파도에|쓸려|조난|추락|매몰|깔[렸려]|뒤집[혔혀]|전복|침몰|불[이길]?(?:났|나고|번지|붙었)|연기가"
        r"|강간|성폭행|성추행|추행|때[리려린렸]|맞고있|맞았|폭행|협박|스토[커킹]|미행|따라[와오왔]|쫓아[와오왔]"
        r"|체포|연행|구금|억류|구속|잡혀|끌려|강도[를가]?(?:당|들|만)|강탈|소매치기[를]?당|뺏[겼겨]|빼앗[겼겨]|털렸"
        r"|사망|숨졌|숨진|돌아가셨|죽었|죽은채|실종|연락두절|연락이?(?:안되|안돼|안됨|안닿|끊|두절)|안보여|없어졌|사라졌"
        r"|kidnap|trapped|stabbed|shooting|unconscious|bleeding|suicide", re.IGNORECASE), _URGENT, None, True, False, True),
    # Asked rather than cried: who wants a form filled in begins like that, and so may somebody in danger.
    Rule("asks_for_help", re.compile(r"위험해요?\.*\?|(?:can|could|would)you(?:please)?helpme", re.IGNORECASE), _URGENT, None, True, False, is_hint=True),
    _squeezed("help_begging", r"제발(?:좀|저좀|저희좀|빨리)?도와|도와주세요?제발|급해요도와|도와주세요?[!.ㅠㅜ]*$", _URGENT, None, False),
    *(_squeezed(name, pattern, urgency, category, False) for name, pattern, urgency, category in QUIET),
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
    found = [rule for rule in RULES if rule.pattern.search(squeezed if rule.is_squeezed else text)]
    is_softened = bool(found) and _SOFTENERS.search(text) is not None
    return tuple(Hit(rule.name, rule.urgency, rule.category, rule.is_certain, is_softened, rule.is_hint) for rule in found)
