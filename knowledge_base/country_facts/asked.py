"""Whether a message asks for a country's alarm level or entry rules, in whatever words. Pure; in doubt it does not, and the notices are searched."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from knowledge_base.country_facts.fillers import letters_beside
from knowledge_base.search import Question


class Asked(StrEnum):
    """Which row would answer."""

    ALARM = "alarm"
    ENTRY = "entry"


_OTHER_ALARMS = r"(?:눈사태|산사태|태풍|지진|호우|홍수|폭염|한파|쓰나미|해일|대설|강풍|화재|미세먼지|황사|화산|공습|미사일)"
#: Words for the travel alarm itself.
_ALARM = re.compile(
    r"여행\s?경보|(?:해외)?여행\s?(?:금지|자제|유의|제한)|출국\s?권고|철수\s?권고|특별\s?여행\s?주의보|"
    r"경보\s?(?:가|는|도|은)?\s?(?:단계|등급|레벨|수준|있|몇|어떻|어때|뭐|무슨|내려|발령|떠|떴|높)|"
    r"(?:위험|안전|경보)\s?(?:단계|등급|레벨)|[남황적흑]색\s?경보|"
    r"travel (?:alert|ban|warning|advisory|alarm)|(?:alert|advisory|warning|danger|alarm|threat) level|level of (?:travel )?(?:alert|alarm|warning)|"
    r"渡航(?:警報|情報|警戒|禁止|中止)|旅行(?:警報|禁止|注意報)|危険(?:情報|レベル)|旅行(?:警报|警告|禁令|预警|警示)|旅游(?:警报|警告|预警)|"
    r"cảnh báo (?:du lịch|đi lại)|mức cảnh báo|alertes? (?:de |aux )?voyage|avis aux voyageurs|niveau d.alerte|"
    r"(?:alerta|aviso)s? de viaje|nivel de alerta|предупреждени\w+.{0,12}поезд|уров\w+ (?:опасности|предупреждения|тревоги)",
    re.IGNORECASE,
)
_OTHER_ALARM = re.compile(rf"{_OTHER_ALARMS}\s?경보")
#: "May one go there, is it dangerous": about the alarm only if hardly anything else is said.
_MAY_ONE_GO = re.compile(
    r"(?:여행|놀러|관광|출장)?\s?(?:가도|여행\s?해도|다녀와도|들어가도|방문해도|떠나도)\s?(?:되|돼|됩|될|됨|괜찮|안전|위험|문제|좋)|"
    r"(?:여행|가기|가기에|가는\s?게|가는\s?거)?\s?(?:위험|안전)\s?(?:해|한|할|하|함|합|지|$|\?)|치안",
)
_MAY_ONE_GO_ELSEWHERE = re.compile(
    r"\bsafe\b|dangerous|(?:can|should|may) (?:i|we|one) (?:travel|go|visit)|(?:ok|okay) to (?:travel|go|visit)|"
    r"行っても(?:いい|大丈夫)|安全です|危険です|危ない|安全吗|危险吗|可以去|能去|能不能去|có an toàn|nguy hiểm|có nên đi|đi được không|"
    r"dangereux|est-ce sûr|peut-on (?:voyager|aller)|seguro|peligroso|se puede (?:viajar|ir)|безопасно|опасно|можно ли (?:ехать|поехать|лететь)",
    re.IGNORECASE,
)
#: Asks something else about alarms: what they mean, what breaking them costs, permits, refunds, since when, which countries.
_SOMETHING_ELSE = re.compile(
    r"뜻|의미|무슨\s?말|차이|종류|처벌|벌금|과태료|징역|허가|신청|환불|취소|위약금|수수료|보험|알림|알람\s?받|문자|등록|여권|비자|사증|어기|위반|무시|"
    r"해제|언제|왜|이유|바뀌|바뀐|변경|목록|명단|국가들|나라들|어느\s?나라|어떤\s?나라|병역|백신|예방접종|임신|격리|수칙|대처|대비|준비물|물\s?마|"
    r"\bmeans?\b|meaning|difference|penalt|punish|\bfined?\b|permit|permission|refund|cancel|insurance|passport|\bvisa|vaccin|\bwhy\b|since when|"
    r"which countries|"
    r"意味|違い|罰|許可|返金|キャンセル|保険|なぜ|いつ|ビザ|查証|含义|什么意思|区别|处罚|许可|退款|取消|保险|为什么|签证|护照|"
    r"nghĩa|khác nhau|phạt|giấy phép|hoàn tiền|bảo hiểm|tại sao|hộ chiếu|thị thực|signifi|différence|amende|remboursement|assurance|pourquoi|passeport|"
    r"significa|diferencia|multa|reembolso|seguro de viaje|por qué|pasaporte|visado|означает|штраф|возврат|страхов|почему|паспорт|виз[аыу]",
    re.IGNORECASE,
)
_HERE = re.compile(r"여기|지금\s?있는|이\s?나라|그\s?나라|거기|현지|here|ここ|这里|ở đây|\bici\b|aquí|здесь", re.IGNORECASE)
#: What may stand beside the question without making it another one.
_FILLERS = re.compile(
    r"여행|관광|출장|놀러|휴가|신혼|가족|혼자|친구|지금|요즘|요새|현재|오늘|내일|모레|이번|다음|주말|달에|주에|혹시|근데|그럼|그러면|그리고|아직|아직도|많이|얼마나|진짜|정말|"
    r"지역|나라|국가|쪽|상황|상태|수준|정도|어때|어떤|어떻게|어디|무슨|뭐|몇|단계|등급|레벨|경보|위험|안전|치안|금지|자제|유의|권고|주의보|특별|해외|외교부|우리|정부|"
    r"알려|주세요|줘|궁금|확인|해요|한가요|인가요|나요|까요|을까|될까|됩니까|습니까|ㅂ니까|은지|는지|인지|지요|예요|이에요|에요|이야|있어|있나|있는|없어|없나|되나|돼요|되요|하면|"
    r"가도|가면|괜찮|요|야|니|냐|가|은|는|이|을|를|의|에|도|로|으로|에서|랑|하고|와|과|좀|해|한|함|하|돼|되|될|지|죠|게|거|것|수|나|고|건|걸|더|다|음|어|라"
)
#: Without a country: what an alarm is, or what holds for every such country, is for the notices to say.
_IN_GENERAL = re.compile(
    r"(?:뭐|뭔|무엇|란\s|이란)(?!.*단계)|(?:국가|나라)(?:에|로|를)\s|what is|what are|とは|什么是|là gì|qu.est-ce|qué es|что такое", re.IGNORECASE
)
_LETTERS = re.compile(r"[^\W\d_]", re.UNICODE)
MOST_LEFT = 3
#: "May one go" says less of alarms than their name does, so that less may stand beside it.
MOST_LEFT_LOOSE = 1
LONGEST_ELSEWHERE = 60

_ENTRY = re.compile(
    r"무비자|무사증|(?:비자|사증)\s?(?:가|는|은|도|를|이)?\s?(?:꼭\s?|따로\s?)?(?:필요|있어야|없이|없어도|면제|받아야|요구|필수|안\s?받|내야)|"
    r"입국\s?(?:조건|요건|규정|허가\s?요건)|체류\s?(?:가능|기간)|"
    r"visa[- ]?(?:free|exempt|waiver|required|requirement)|(?:need|require|without)\w* (?:a |any |to get a )?visa|entry (?:requirement|rule|condition)|"
    r"ビザ(?:は|が)?(?:必要|免除|なし|いり)|査証免除|入国(?:条件|要件)|免签|(?:需要|要|用).{0,4}签证|入境(?:条件|要求|规定)|"
    r"miễn (?:thị thực|visa)|cần (?:xin )?(?:visa|thị thực)|điều kiện nhập cảnh|visa.{0,14}(?:nécessaire|obligatoire|requis)|besoin d.un visa|sans visa|"
    r"conditions d.entrée|sin visa|(?:necesit|requier)\w+ (?:un |una )?visa|requisitos de entrada|без визы|безвиз|нужна ли виза|условия въезда",
    re.IGNORECASE,
)
_NOT_ENTRY = re.compile(
    r"한국|대한민국|귀국|외국인|배우자|워킹|취업|유학|학생|발급|신청|연장|갱신|거절|불법|초과|오버스테이|범칙|벌금|유효|만료|6\s?개월|육\s?개월|긴급\s?여권|여행\s?증명서|단수|"
    r"백신|예방접종|격리|코로나|pcr|검역|반입|세관|esta\b|etias|k-?eta|환승|경유|korea\b|validity|valid for|expire|extend|apply|transit|work|student|"
    r"韓国(?:へ|に|入国)|韩国入境|Hàn Quốc",
    re.IGNORECASE,
)


def what_is_asked(question: Question) -> Asked | None:
    """The row that is asked for; None: another question, or one about the past."""
    if question.period is not None or not (countries_named(question) or question.here):
        return None
    text = question.analysis.normalised
    if _ENTRY.search(text) and not _NOT_ENTRY.search(text):
        return Asked.ENTRY
    if _asks_alarm(question, text):
        return Asked.ALARM
    return None


def countries_named(question: Question) -> tuple[str, ...]:
    """Countries in the words; for languages whose names the gazetteer does not have, by CLDR's."""
    language = question.analysis.language
    if question.named or language not in _BY_CLDR:
        return question.named
    text = question.analysis.normalised.casefold()
    return tuple(code for code, pattern in _names(language) if code != "KR" and pattern.search(text))


_BY_CLDR = ("fr", "es", "ru")


@lru_cache(maxsize=3)
def _names(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    from babel import Locale

    # Russian declines its names: Япония, Японии, в Японию.
    tail = r"\w{0,3}" if language == "ru" else ""
    found = []
    for code, name in Locale(language).territories.items():
        if len(code) == 2 and code.isalpha() and len(name) > 3:
            stem = name.casefold()[:-1] if language == "ru" and len(name) > 4 else name.casefold()
            found.append((code, re.compile(rf"(?<!\w){re.escape(stem)}{tail}(?!\w)")))
    return tuple(found)


def _asks_alarm(question: Question, text: str) -> bool:
    named = countries_named(question)
    if _SOMETHING_ELSE.search(text) or _OTHER_ALARM.search(text):
        return False
    if _ALARM.search(text):
        # Without a country in the words, "여행경보 몇 단계야" is about where the citizen is; a longer sentence may be about anything.
        if named:
            return True
        if _IN_GENERAL.search(text):
            return False
        if question.analysis.language != "ko":
            return len(text) <= LONGEST_ELSEWHERE
        return _left(question, text) <= MOST_LEFT or _HERE.search(text) is not None
    if question.analysis.language == "ko":
        if not _MAY_ONE_GO.search(text) or not (named or _HERE.search(text)):
            return False
        return _left(question, text if named else _HERE.sub(" ", text)) <= MOST_LEFT_LOOSE
    return bool(named) and _MAY_ONE_GO_ELSEWHERE.search(text) is not None and _left_elsewhere(question, text, named) == 0


def _left(question: Question, text: str) -> int:
    """Letters that are neither the country nor part of asking."""
    rest = _FILLERS.sub("", _MAY_ONE_GO.sub(" ", _ALARM.sub(" ", _without(question, text, "country", "city"))))
    return len(_LETTERS.findall(rest))


def _left_elsewhere(question: Question, text: str, named: tuple[str, ...]) -> int:
    """The same in other languages."""
    rest = _without(question, text, "country", "city", "date").casefold()
    if question.analysis.language in _BY_CLDR:
        for code, pattern in _names(question.analysis.language):
            if code in named:
                rest = pattern.sub(" ", rest)
    return letters_beside(_MAY_ONE_GO_ELSEWHERE.sub(" ", rest))


def _without(question: Question, text: str, *kinds: str) -> str:
    """Without what was found of these kinds. A mission is never one of them: going to an embassy is another question."""
    for entity in question.analysis.entities:
        if entity.kind in kinds:
            text = text.replace(entity.text, " ")
    return text
