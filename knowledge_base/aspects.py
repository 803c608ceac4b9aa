"""What side of its subject a question asks about (the papers, the place, the penalty, whether one may), and which sentences speak of that side.

Broader and softer than ``knowledge_base.kinds``: nothing is refused because of an aspect, the choice of sentences learns how much each counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from knowledge_base.kinds import KINDS


@dataclass(frozen=True)
class Aspect:
    """One side of a subject."""

    name: str
    asks: re.Pattern[str]
    gives: re.Pattern[str]


def _aspect(name: str, asks: str, gives: str) -> Aspect:
    return Aspect(name, re.compile(asks, re.I), re.compile(gives, re.I))


ASPECTS = (
    *(Aspect(kind.name, kind.asks, kind.gives) for kind in KINDS),
    _aspect(
        "papers",
        r"서류|준비물?|챙기|챙겨|가져가|들고\s?가|구비|지참|필요(?:한|하|해|핸|할)|뭐\s?(?:내|들|필요)|증빙|양식|documents?|bring|"
        r"papers|what do i need|書類|必要なもの|材料|文件|giấy tờ|cần gì|mang theo",
        r"서류|가져가|갖추|준비하|필요합|신분증|사본|증명서|신청서|동의서|사진 1장|내야 합|양식|확인서",
    ),
    _aspect(
        "place",
        r"어디(?!\s?(?:아파|로\s?전화))|어느\s?(?:곳|데|사이트|창구|기관)|사이트|주소|누리집|홈페이지|장소|어느\s?경찰|where|website|"
        r"which (?:office|site|account)|どこ|サイト|哪里|哪儿|在哪|网站|ở đâu|trang nào",
        r"누리집|홈페이지|\.kr|공관(?:이나|에|을|에서)|대사관|총영사관|창구|정부24|포털|앱|경찰서|은행|병무청|우체국|에서 (?:신청|받|"
        r"확인|찾)|법무부|항공사",
    ),
    _aspect(
        "manner",
        r"어떻게|어케|어떡|방법|절차|순서|신청|하는\s?법|뭐부터|먼저|무엇부터|어찌|how (?:do|can|to|should)|what should|what do i do|"
        r"procedure|どうすれば|どうやって|方法|手続き|怎么|如何|先|làm sao|thế nào|cách",
        r"신청|먼저|바로|하십시오|방문|접수|신고하|알리|연락하|전화하",
    ),
    _aspect(
        "may",
        r"(?:되|돼|됨|될|가능|괜찮|ㄱㅊ|허용|할\s?수|갈\s?수|쓸\s?수|받을\s?수|수\s?있)|해도|가도|must i|can (?:i|we|you)|may i|"
        r"allowed|is it (?:ok|safe|possible)|できますか|いいですか|可以|能不能|能.*吗|được không|có được",
        r"수 있습니다|수 없습니다|할 수 없|되지 않|않습니다|금지|허가|지 마십시오|해야 합|가능|안 됩",
    ),
    _aspect(
        "refusal",
        r"안\s?(?:되|돼|됨|받아|해)|못\s?(?:하|가|받|쓰|들어)|막(?:혔|힌|아)|거절|거부|왜|불가|why|refuse|cannot|reject|なぜ|为什么|"
        r"không được|tại sao",
        r"없습니다|않습니다|거절|거부|못하|제한|반려|지 마십시오",
    ),
    _aspect(
        "penalty",
        r"처벌|벌금|징역|감옥|불법|위법|벌\s?받|걸리면|걸림|잡혀|불이익|패널티|페널티|과태료|punish|penalt|jail|illegal|\bfined?\b|罰|"
        r"違法|处罚|坐牢|违法|phạt|bất hợp pháp",
        r"처벌|벌금|징역|밀수|위반|체포|무효|구금|제한될|줄어듭",
    ),
    _aspect(
        "who",
        r"누가|누구|대상|자격|조건|면제|해당|who can|eligib|exempt|誰|対象|条件|谁|条件|ai được|điều kiện",
        r"국민이|사람이|사람은|분은|이상|미만|면제|대상|조건|본인",
    ),
    _aspect(
        "meaning",
        r"뜻|뭐(?:예요|에요|임|죠|야|냐|지)|무엇|의미|이란|머(?:에요|예요)|차이|색|what (?:is|does|are)|meaning|difference|とは|意味|"
        r"违|什么是|什么意思|là gì|nghĩa",
        r"입니다\.?$|나뉩|말합니다|표시|이름",
    ),
    _aspect(
        "check",
        r"확인|알아보|아직|지금도|바뀌|풀렸|풀림|최신|언제까지|still|check|current|確認|まだ|查|还|kiểm tra|còn",
        r"확인하십시오|문의하|물어보|바뀔 수|다르므로|알 수 있",
    ),
    _aspect(
        "instead",
        r"대신|대리|부모|가족이|엄마가|친구가|남편이|on behalf|proxy|someone else|代わりに|代理|代领|代办|thay|hộ",
        r"대신|대리|본인이|직접|가족이|법정대리인",
    ),
    _aspect(
        "mail",
        r"우편|택배|부쳐|보내\s?주|배송|인터넷|온라인|컴퓨터|online|mail|post|郵送|オンライン|网上|邮寄|qua mạng|online|gửi",
        r"우편|택배|온라인|인터넷|포털|정부24|누리집",
    ),
    _aspect(
        "age",
        r"(?:몇|멫)\s?(?:살|세)|나이|살\b|미성년|아이|애기|아기|애\s|고등학생|중학생|아들|딸|손주|minor|child|baby|\bage\b|歳|子ども|"
        r"岁|孩子|tuổi|trẻ em|con tôi",
        r"\d+세|미성년|아이|아기|자녀|만 \d+|법정대리인",
    ),
    _aspect(
        "message",
        r"카톡|카카오|라인|위챗|메신저|채팅|앱|어플|app\b|kakao|line\b|wechat|アプリ|微信",
        r"카카오톡|라인|위챗|채팅|앱|채널",
    ),
    _aspect(
        "interpret",
        r"통역|말이?\s?안\s?통|말을?\s?못|언어|번역|interpret|translat|language|通訳|言葉|翻译|语言|phiên dịch|ngôn ngữ",
        r"통역|번역|언어|말이 통하",
    ),
    _aspect(
        "hours",
        r"24시간|밤|새벽|주말|토요일|일요일|휴일|공휴일|몇\s?시|영업|문\s?(?:열|닫)|weekend|night|holiday|24 hours|夜|週末|周末|晚上|"
        r"cuối tuần|ban đêm",
        r"24시간|밤|주말|공휴일|근무 시간|당직|평일",
    ),
    _aspect(
        "safety",
        r"조심|주의|안전|위험|대피|숨|요령|행동|careful|safe|danger|気をつけ|注意|危险|小心|cẩn thận|nguy hiểm",
        r"마십시오|조심|주의|유의|피하|대피|하십시오",
    ),
)
#: A sentence that only sends the reader elsewhere.
HEDGES = re.compile(r"(?:다르므로|다를 수|바뀔 수|바뀌었을 수|바뀌므로|따라).*(?:확인|문의|물어)|확인하십시오\.?$|문의하십시오\.?$")


@lru_cache(maxsize=4096)
def asked_aspects(question: str) -> tuple[bool, ...]:
    """Which aspects a question asks about."""
    return tuple(bool(aspect.asks.search(question)) for aspect in ASPECTS)


@lru_cache(maxsize=16384)
def given_aspects(sentence: str) -> tuple[bool, ...]:
    """Which aspects a sentence speaks of; notices are Korean."""
    return tuple(bool(aspect.gives.search(sentence)) for aspect in ASPECTS)
