"""What is not said over a platform that reads along, unless the person has said it. Pure.

That is: what has happened, who somebody is, where, and the wish to see who they are.

Words of ours that answer a citizen are not looked at; words that a person or a job writes by itself are. It is better to hold back a harmless line,
whose writer sees at once that it was, than to tell a platform what the person did not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.channels.wechat.words import KIND
from conversation.schemas import Body
from language.redaction import spans

#: Fixed texts of ours that name such things only to warn of writing them.
FIXED = frozenset({"greeting", KIND, "passed_on"})

#: Each group is one thing that may have happened, in the languages that we write. Naming one word of it allows the others.
_HAPPENINGS = (
    r"감금|납치|억류|붙잡혀|갇[히혀힌]|인신\s?매매|confine|kidnap|abduct|traffick|hostage|監禁|拉致|誘拐|非法拘禁|绑架|綁架|拐卖",
    r"강도|절도|도난|소매치기|\brobb|\btheft|stolen|強盗|盗難|抢劫|盗窃|被偷",
    r"폭행|구타|협박|상해|assault|threaten|beaten|暴行|脅迫|殴打|威胁",
    r"성\s?폭[력행]|성\s?추행|성\s?희롱|강간|\brape|sexual|性暴力|性的|强奸|性侵",
    r"가정\s?폭력|데이트\s?폭력|domestic violence|家庭内暴力|家暴|家庭暴力",
    r"스토킹|stalk|ストーカー|跟踪",
    r"테러|총격|총기|폭발|\bterror|shooting|explosion|テロ|銃撃|恐怖袭击|枪击|爆炸",
    r"자살|자해|극단적\s?선택|suicid|self[- ]harm|自殺|自傷|自杀|自残",
    r"사망|숨진|시신|\bdeath\b|deceased|死亡|遺体|遗体",
    r"실종|행방불명|missing person|行方不明|失踪",
    r"체포|구금|구속|수감|연행|재판|입국\s?거부|arrest|detain|detention|prison|逮捕|拘束|拘留|入国拒否|拘禁",
    r"마약|약물|\bdrug|麻薬|薬物|毒品",
    r"보이스\s?피싱|사기|\bfraud|\bscam|詐欺|诈骗|电信诈骗",
    r"임금\s?체불|노동\s?착취|강제\s?노동|forced labo|労働搾取|强迫劳动|欠薪",
    r"탈북|북한\s?이탈|북한\s?주민|북한\s?사람|north korean|defector|脱北|北朝鮮|朝鲜人",
    r"망명|난민|asylum|refugee|亡命|難民|庇护|难民",
)
_HAPPENED = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _HAPPENINGS)

_IDENTITY = re.compile(
    r"여권\s?번호|주민\s?(?:등록)?\s?번호|외국인\s?등록\s?번호|비자\s?번호|생년월일|신분증|신원\s?확인|본인\s?확인|실명|여권\s?사진|얼굴\s?사진|셀카|성함|"
    r"주소를?\s?(?:알려|적어|말씀)|(?:이름|국적|연락처|전화번호)(?:과|와|을|를|이|은|는|도)?[^.?!\n]{0,20}(?:알려|적어|보내|말씀|말해|주세요|주시|무엇|뭐|어떻게)|"
    r"passport (?:number|no\b|photo)|resident registration|date of birth|identity (?:card|document|check)|"
    r"\bID (?:card|number|photo)|your (?:full )?name|selfie|"
    r"旅券番号|生年月日|身分証|本人確認|お名前|氏名|护照号|身份证|出生日期|实名|您的姓名|照片",
    re.IGNORECASE,
)

#: A name with what stands after names. Words that are no names but look like them are left out.
_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육맹제모국"
)
_PERSON = re.compile(
    rf"(?<![가-힣])(?P<name>[{_SURNAMES}][가-힣]{{1,2}})\s?(?:씨|님|군|양|영사|서기관|참사관|경장|경위|변호사|여사)(?=$|[^가-힣]|[은는이가을를의과와께도]|에게|한테|입니다|이고)"
)
_NO_NAMES = frozenset(
    {"선생", "고객", "민원인", "신고자", "신청인", "신청자", "이용자", "여행자", "여행객", "상담관", "보호자", "가족분", "지인분", "부모", "고모",
     "이모", "조카", "손", "회원", "주인", "사장", "기사", "구조자", "피해자", "제보자", "모든", "여러", "한국", "주한", "주중", "주일", "임시",
     "전임", "담당", "경찰", "당직", "현지", "한인", "우리"}
)  # fmt: skip
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Consul)\.?\s+[A-Z][a-z]+")

_GENERIC = r"(?:한국|우리|우리나라|주재|재외|총|현지|가까운|인근|근처|국제|종합|대학|해당|관할|시내|공립|국립|다른|이|그|저|각)"
_FACILITY = (
    r"(?:호텔|모텔|게스트하우스|호스텔|병원|경찰서|파출소|구치소|교도소|대사관|총영사관|영사관|공항|"
    r"아파트|빌라|쉼터|대피소|수용소|기지|시장|백화점|대학교)"
)
_PLACE = re.compile(
    rf"(?<![가-힣A-Za-z])(?!{_GENERIC}{_FACILITY})[가-힣A-Za-z]{{2,12}}{_FACILITY}|"
    r"[A-Z][\w'’-]+ (?:Hotel|Hospital|Airport|Embassy|Consulate|Prison|Police Station|Street|Road|Avenue)\b|"
    r"[가-힣]{1,12}(?:로|길)\s?\d{1,4}(?:번길|번지|호)?(?![\d만천백명번분시차일개초년월주층배도%]|km|m\b)|[가-힣]{1,6}[동리]\s?\d{1,5}(?:-\d{1,5})?\s?번지|\d{1,5}\s?번지|"
    r"[\u4e00-\u9fff]{2,}(?:路|街|巷|大道)\s?\d{0,5}\s?号?|[\u4e00-\u9fff]{2,}(?:酒店|医院|派出所|公安局|大使馆|领事馆|机场|看守所)"
)
_NUMBERS = frozenset({"passport", "resident", "place", "email", "account", "card"})


def reasons(body: Body, said_by_person: Iterable[str]) -> tuple[str, ...]:
    """Why these words stay here: ``happening``, ``identity``, ``person``, ``place``, ``number``; empty: they may go."""
    if body.kind in FIXED:
        return ()
    text = " ".join((body.text, *(button.title for button in body.buttons)))
    said = " ".join(said_by_person)
    found = {
        "happening": any(pattern.search(text) and not pattern.search(said) for pattern in _HAPPENED),
        "identity": _IDENTITY.search(text) is not None,
        "person": any(name not in said for name in _names(text)),
        "place": any(match.group().strip() not in said for match in _PLACE.finditer(text)),
        "number": any(kind in _NUMBERS and text[start:end] not in said for start, end, kind in spans(text)),
    }
    return tuple(reason for reason, is_so in found.items() if is_so)


def _names(text: str) -> list[str]:
    titled = [match.group() for match in _TITLED.finditer(text)]
    return [match["name"] for match in _PERSON.finditer(text) if match["name"] not in _NO_NAMES] + titled
