"""Whether a name in a text means the place: particles, morphemes and neighbours tell "가나에서" from "어디로 가나요"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from language.entity import Entity
from language.gazetteer import Place, names_in
from language.matcher import is_hangul, is_latin

if TYPE_CHECKING:
    from language.morphology import Token

Named = tuple[int, int, Place]

# What makes a name something else than a place: "중국어" (language), "중국집" (restaurant), "터키석", "미국인" (a person; "태국인데요" is none).
_NOT_A_PLACE = re.compile(
    r"어(?![디떻떤쩌쩔느제서])|말(?=로|을|은|이|도|만|\s|$)|집|산(?=\s|제품|이에|$)|식당|식(?=\s|으|이|$)|음식|요리|제품|축구|드라마|석(?=\s|을|이|$)|제(?=\s|품)|계(?=\s|인)"
)
_PERSON = re.compile(r"인(?!데|가|지|거|걸|듯|디|것|줄|천|\s?것|\s?거|\s?줄|\s?듯|\s?데|입국|공항|여행|출)")
# What may follow a name directly; anything else needs a morpheme boundary that Kiwi sees.
_PARTICLE = re.compile(
    r"에|서(?!비)|의|은|는|이(?!랜드|거|드)|가|을|를|로(?!밍|비)|으로|와|과|랑|하고|도|만|까지|부터|인|예|요|입니|임|에선|한테|보다|처럼|말고|말구|이랑|"
    r"행|발|쪽|내|주|시|현|성|섬|역|항|여행|출장|유학|공항|국제|대사|총영|영사|대표부|한인|교민|한국|국경|시내|현지|근처|비자|여권|입국|출국|도착|출발|경유|환승|워홀|어학|남부|북부|동부|서부|중부|"
    r"정부|경찰|병원|호텔|숙소|사람|국적|온|간|갔|왔|가는|가려|있|살|사는|거주|체류|지역|지방|민박|골프|카지노|이민|파견|주재|당국|세관|감옥|구치|이고|라서|이라|라고|라는|던데|댁|건|더라|간다"
)
_LONG_ENOUGH = 4
# After an ambiguous name, what shows that a place is meant.
_PLACE_PARTICLE = re.compile(
    r"에|서|으로|로|인데|이에요|예요|이야|입니다|입국|여행|출국|공항|대사관|영사관|비자|까지|행|쪽|현지|시내|이요|이고|의|은|는|가|도|이|만|요|를|을|랑|과|와|부터|말고|교민|한인"
)
# Stronger still: enough for a name that Kiwi does not know as a proper noun ("세부에서").
_BEING_THERE = re.compile(
    r"에서|에선|서\s(?:왔|살|일|사|잃|다|출|여권)|에\s?(?:있|왔|와|갔|가[고는려요]|갈|살|사는|사[시신]|도착|체류|거주|머[무물]|갇|묵|출장|여행|선교|입국|남은|남아)|에있|"
    r"\s?(?:여행|공항|국제공항|시내|현지|유학|출장|한인|교민|국경|거주|체류|호텔|숙소|도착|입국|직항|경유|환승|대사관|총영사관|영사관|분관|워홀|어학연수|신혼여행|다이빙|자유여행|패키지|치안|날씨|태풍|지진|화산|홍수|폭동|시위|쿠데타|내전|테러|공습|총격|비자)|"
    r"(?:으로|로)\s?(?:가[는려고요]|갔|갈|갑|여행|출장|이동|떠나|떠납|넘어|입국|왔|출발|유학|이민|파견|도망|대피)|까지\s?(?:가|갔|갈|갑|얼마|몇)|"
    r"의\s?(?:치안|수도|날씨|비자|여행|안전|병원|경찰|대사관|입국|호텔)|[은는도]\s?(?:안전|위험|무비자|비자|입국|여행|치안|날씨|갔|가[도봤]|처음)|"
    r"\s(?:살아|사는|살고|삽니다|가요|갑니다|갔|가려|가는|다녀|왔|간다|갈|체류|거주|경유|파견|주재|국적|정부|경찰|공항|시내)"
)
_THERE_NOW = re.compile(r"인데|이에요|예요|입니다|에서|에\s?있|이고")
_ANSWER_BEFORE = re.compile(
    r"(?:^|[.!?,~\n]\s*)(?:(?:네|넵|예|응|어|아|음|저|저는|전|제가|나|난|나는|우리|우린|우리는|저희|저희는|지금|지금은|현재|여기|여긴|여기는|그냥|아니|아니요|아뇨|그게|일단|방금|이제|안녕하세요)[\s,.]+)*$"
)
_ANSWER_AFTER = re.compile(
    r"(?:이?요|여|이여|이에요|예요|에요|이예요|입니다|임다|임|이야|야|인데요?|이고요?|이라고요?|이라|이라서요?|라서요?)(?![가-힣])|인데|입니다|이에요|예요"
)
_END = re.compile(r"[\s.!?~…ㅠㅜㅋㅎ^;]*$")
# Ordinary uses of single names: what follows, and what stands before them.
_ORDINARY_AFTER = {
    "파리": r"채|약|떼|끈끈|목숨|잡|[가는도를들이]*\s?(?:너무|많|날[아라]|윙|앉|들끓|꼬|계속|나와|나왔|들어)",
    "수단": r"과\s방법|을\s|[이은도]\s?(?:없|있|뭐|무엇|필요)|방법|입니까|으로\s?(?:써|쓰|사용|이용|는)",
    "인도": r"적|주의|인이|교|를\s?(?:걷|따라|지나)|에서\s?(?:걷|걸|넘어|자전거|킥보드|차|뛰)|\s위|\s?받|하[고는]|가\s?(?:없|좁)|로\s?(?:걷|걸|다니|달)",
    "이란": r"\s?(?:무엇|뭐|뭔|게|것|말|건|거)|성",
    "가나": r"다|요|봐|봅|\?|$",
    "세부": r"\s?(?:사항|내용|적|일정|정보|항목|규정|조건|계획|설명|내역|절차|자료|안내|기준|정책)",
    "로마": r"자|법|자표|체",
    "발리": r"\s?(?:와[주서줘]|와\s|좀)|로\s?때|킥|슛",
    "오만": r"\s?(?:가지|원|불|한\s|함|하[다게고]|방자|상|달러|동|엔|명|개|바트|유로|페소|루피|위안|정|잡)",
    "부탄": r"\s?가스|탄",
    "상해": r"[를을도]\s?(?:입|당|가)|\s?(?:보험|죄|치사|진단|사고|를|혐의|치료|의)|하",
    "후에": r"[^에]|$",
    "니스": r"\s?칠|를\s?(?:칠|바)",
    "피지": r"\s?(?:못|않|선|샘)|를|낭|가\s?(?:많|나)",
    "저지": r"[를당하른]|\s?(?:당|하|선)",
    "건지": r"\s|[는도]?\s?(?:아니|모르|궁금|확인|알)|요|$",
    "통가": r"죽|발|방",
    "몰타": r"기|고|면|서|려",
    "차드": r"리|립|시|세|릴",
    "토고": r"\s?싶",
    "기니": r"피그|까",
    "말리": r"지|다|고|는|던|려|면|세|러|기|라|시",
    "가봉": r"\s?(?:작업|하)",
    "콩고": r"물|기",
    "선전": r"\s?(?:하|물|포고|문|효과|활동|전|용)|[을은도이]",
    "경주": r"[하를]|용|마",
    "대구": r"\s?(?:탕|뽈|포|살)",
    "광주": r"리",
    "청주": r"[를는]|\s?(?:한|두)\s",
    "도하": r"\s?(?:작전|훈련)|[는고]",
    "빈": r"(?!에서|에|으로|입니다|이에요|이요|공항|국제|대사관|대학|시내|중앙|여행|필하모닉)",
    "본": r"(?!에서|에\s|으로|입니다|이에요|대학|분관|시내|중앙역)",
    "칸": r"(?!\s?영화제|\s?여행)",
    "동경": r"\s?\d|[을하]",
    "타이": r"[밍어틀레머트즈핑거]|\s?(?:마사지|음식|브레이크)|를\s?(?:매|메)",
    "인니": r"까",
    "오지": r"\s?(?:마|말|않|못|도|는|를|게)|[도는를랖]|탐험|마을",
    "제주": r"를",
    "강릉": r"(?!)",
    "모시": r"[고는러던려면어세기]|\s?(?:는|고)",
    "오시": r"[는면고기다려던나]",
    "하산": r"[하을길]|\s?(?:중|길|하)",
    "창이": r"\s?(?:깨|열|닫)|[야]",
    "시안": r"[을이은도]",
    "암만": r"\s?(?:해|봐|그|전화|생각)",
    "분당": r"\s?(?:요금|\d|얼마|금액|원|통화)",
    "코치": r"[가는를님의]|\s?(?:버스|님)",
    "사파": r"리",
    "리마": r"인드|스터|커블",
    "캔디": r"[를는]|\s?(?:먹|류)",
    "일산": r"화",
    "칠레": r"레",
}
_ORDINARY_BEFORE = {
    "수단": r"(?:교통|통신|이동|결제|연락|지불|생계|유일한|모든|다른|무슨|어떤|대체)\s?$",
    "인도": r"(?:보행자|차도|횡단)\S*\s?$",
    "후에": r"(?:\d|일|시간|주|달|년|분|나중|그|한|된|난|온|간|받은|뒤|이)\s?$",
    "파리": r"(?:날|초|똥)$",
    "타이": r"(?:넥|타이)$",
    "이란": r"[가-힣]$",
    "본": r"(?:해|가|써|먹어|들어|만나|전화해|물어|[아어여])\s?$",
    "빈": r"(?:텅)\s?$",
}
_AFTER = {name: re.compile(pattern) for name, pattern in _ORDINARY_AFTER.items()}
_BEFORE = {name: re.compile(pattern) for name, pattern in _ORDINARY_BEFORE.items()}
# Names so often something else that only a neighbour of the same country, an answer or a stay there makes them a place, whatever Kiwi reads.
_NEEDS_MORE = frozenset(
    (
        "후에",
        "저지",
        "건지",
        "맨섬",
        "칸",
        "본",
        "빈",
        "오지",
        "타이",
        "바스",
        "모시",
        "오시",
        "하산",
        "창이",
        "시안",
        "암만",
        "분당",
        "코치",
        "짱구",
        "선전",
        "성도",
        "대련",
        "조호",
        "코타",
        "이포",
        "라카",
        "이북",
        "중공",
        "차이나",
        "말레",
        "갈레",
        "파로",
        "캔디",
        "난바",
        "긴자",
    )
)
# In a text without spaces, a word that ends here lets a name begin; after one of the first kind even a short one.
_OPENS = re.compile(r"(?:지금|현재|여기|여긴|여기는|저는|제가|나는|전|저|에서|하고|이랑|친구가|동생이|남편이|아내가|오늘|어제|내일|아들이|딸이)$")
_WORD_ENDS = re.compile(
    r"(?:지금|현재|여기|여긴|여기는|저는|저|전|제가|나|우리|오늘|어제|내일|모레|에서|에|으로|로|랑|이랑|하고|와|과|은|는|이|가|도|친구|남편|아내|동생|아들|딸|나라|주)$"
)
_LATIN_BEFORE = re.compile(
    r"(?:\b(?:in|to|from|at|near|via|around|into|visit|visiting|leaving|for|of|and|ở|tại|sang|từ|đến|về|nước|đi|qua)|"
    r"[,(])\s*(?:the\s)?$",
    re.IGNORECASE,
)
_HAN_PEOPLE = re.compile(r"人(?!民)|語|语|文(?!化)|菜|料理|製|籍")


def places(text: str, tokens: Sequence[Token]) -> Iterator[Entity]:
    """The countries and cities that the text means."""
    found = [(start, end, place) for start, end, place in names_in(text)]
    if not found:
        return
    starts = {t.start for t in tokens if t.end > t.start}
    ends = {t.end for t in tokens if t.end > t.start}
    nouns = {t.start for t in tokens if t.tag.startswith("NN") or t.tag in ("SL", "SH")}
    proper = {(t.start, t.end) for t in tokens if t.tag == "NNP"}
    taken: list[Named] = []
    doubtful: list[Named] = []
    for named in found:
        start, end, place = named
        if not is_hangul(text[start]):
            (taken if _is_foreign_place(text, *named) else doubtful).append(named)
        elif not _is_spelt_out(text, named, starts | ends, nouns):
            continue
        elif not place.is_ambiguous or _is_plainly_meant(text, named, proper):
            taken.append(named)
        else:
            doubtful.append(named)
    # "베트남 후에": a neighbour of the same country decides; where words have spaces and capitals, one anywhere does ("Is Georgia safe? I am in Tbilisi").
    taken += [
        n for n in doubtful if any(o[2].country == n[2].country and (is_latin(text[n[0]]) or (is_hangul(text[n[0]]) and _adjoin(text, o, n))) for o in taken)
    ]
    for start, end, place in taken:
        value = place.country if place.kind == "country" else place.name
        yield Entity(place.kind, text[start:end], value, start, end, place.country)


def _adjoin(text: str, one: Named, other: Named) -> bool:
    first, second = sorted((one, other), key=lambda n: n[0])
    return first[1] <= second[0] <= first[1] + 2 and not text[first[1] : second[0]].strip(" ,·의")


def _is_foreign_place(text: str, start: int, end: int, place: Place) -> bool:
    if is_latin(text[start]):
        if place.is_ambiguous:
            before = text[:start][-24:]
            after = text[end : end + 2].lstrip()[:1]
            return _LATIN_BEFORE.search(before) is not None or (bool(after) and is_hangul(after) and len(place.name) > 2)
        return True
    return not _HAN_PEOPLE.match(text, end)


def _is_spelt_out(text: str, named: Named, boundaries: set[int], nouns: set[int]) -> bool:
    """Whether the name is a word of its own: it begins one, and what follows is a particle or another word."""
    start, end, place = named
    name = text[start:end]
    if _NOT_A_PLACE.match(text, end) or (place.kind == "country" and _PERSON.match(text, end)):
        return False
    if start and is_hangul(text[start - 1]):
        before = text[max(0, start - 6) : start]
        opens = _OPENS.search(before) is not None and (not place.is_ambiguous or _THERE_NOW.match(text, end) is not None)
        if not (start in nouns or (opens and len(name) > 1) or (len(name) > 2 and not place.is_ambiguous and _WORD_ENDS.search(before))):
            return False
    if end == len(text) or not is_hangul(text[end]) or end in boundaries:
        return True
    return len(name.replace(" ", "")) >= _LONG_ENOUGH or _PARTICLE.match(text, end) is not None


def _is_plainly_meant(text: str, named: Named, proper: set[tuple[int, int]]) -> bool:
    """Whether an ordinary word is used as a place's name, without looking at neighbouring places."""
    start, end, _ = named
    name, before = text[start:end], text[max(0, start - 16) : start]
    begins = start == 0 or not is_hangul(text[start - 1])
    if begins and _ANSWER_BEFORE.search(text[:start] if start < 60 else before):
        if _END.match(text, end) and len(name) > 1 and not (name == "가나" and "?" in text[end:]):
            return True
        answer = _ANSWER_AFTER.match(text, end)
        if (
            answer
            and not (name == "가나" and answer.group() in ("요", "여"))
            and (len(answer.group()) > 1 or _END.match(text, answer.end()))
            and not (name == "본" and answer.group() != "입니다")
        ):
            return True
    if not begins and len(name) > 1 and _OPENS.search(before) and _THERE_NOW.match(text, end):
        return True
    if name in _BEFORE and _BEFORE[name].search(before):
        return False
    if name in _AFTER and _AFTER[name].match(text, end):
        return False
    if _BEING_THERE.match(text, end) and (begins or (start, end) in proper):
        return True

    if (start, end) not in proper or name in _NEEDS_MORE or not begins:
        return False
    return end == len(text) or not is_hangul(text[end]) or _PLACE_PARTICLE.match(text, end) is not None
