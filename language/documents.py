"""Passports, visas, licences and certificates by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from language.entity import Entity
from language.matcher import Matcher, folded, is_hangul, spellings

if TYPE_CHECKING:
    from language.morphology import Token

# "_" is a space that may be left out.
DOCUMENTS: dict[str, tuple[str, ...]] = {
    "passport": ("여권", "전자_여권", "패스포트", "구여권", "신여권", "passport", "passports", "hộ chiếu", "护照", "護照", "旅券", "パスポート"),
    "emergency_passport": ("긴급_여권", "단수_여권", "비상_여권", "emergency passport", "緊急旅券"),
    "travel_certificate": ("여행_증명서", "여행자_증명서", "travel certificate", "旅行证"),
    "visa": ("비자", "사증", "visa", "visas", "签证", "簽證", "ビザ", "査証", "thị thực"),
    "residence_permit": (
        *("체류증", "거주증", "영주권", "체류_허가증", "체류_허가", "거류증", "거주_허가증", "체류_카드", "재류_카드", "그린_카드", "영주권_카드"),
        *("residence permit", "residence card", "green card", "在留カード", "居留证", "居留许可"),
    ),
    "id_card": ("주민등록증", "신분증", "민증", "외국인_등록증", "id card", "身份证", "身分証"),
    "mobile_id": ("모바일_신분증", "모바일_주민등록증", "재외국민_신원확인증", "모바일_재외국민_신원확인증"),
    "driving_licence": (
        *("운전_면허증", "운전_면허", "국제_운전_면허증", "국제_운전_면허", "국제_면허증", "국제_면허", "면허증", "영문_운전_면허증"),
        *("driver's license", "driving licence", "driver license", "driving license", "运转免许证", "驾照", "運転免許証", "運転免許"),
    ),
    "birth_certificate": ("출생_증명서", "출생_신고서", "birth certificate", "出生证明", "出生証明書"),
    "death_certificate": ("사망_증명서", "사망_진단서", "death certificate"),
    "family_certificate": (
        "가족관계_증명서",
        "가족관계_등록부",
        "기본_증명서",
        "혼인관계_증명서",
        "입양관계_증명서",
        "family relation certificate",
        "혼인_증명서",
    ),
    "resident_register": ("주민등록_등본", "주민등록_초본", "주민등록등초본"),
    "registration": ("재외국민_등록부_등본", "재외국민_등록부", "재외국민_등록증", "재외국민_등록_등본"),
    "apostille": ("아포스티유", "아포스티", "아포스티유_확인", "아포스띠유", "apostille"),
    "notarisation": ("공증", "영사_확인", "위임장", "공증서"),
    "seal_certificate": ("인감_증명서", "서명_확인서", "본인서명사실_확인서"),
    "joint_certificate": ("공동_인증서", "공인_인증서"),
    "criminal_record": ("범죄경력_증명서", "범죄경력_회보서", "범죄경력_조회서", "범죄_경력_증명서", "무범죄_증명서", "신원_조회서", "criminal record"),
    "travel_authorisation": ("k-eta", "keta", "esta", "전자_여행_허가", "eta", "전자여행허가서", "이스타_비자"),
    "entry_card": ("입국_신고서", "입국_카드", "출입국_카드", "출입국_신고서", "세관_신고서", "tdac", "mdac"),
    "vaccination_certificate": ("백신접종_증명서", "예방접종_증명서", "접종_증명서", "백신_증명서", "백신_접종_증명서", "황열병_증명서", "옐로_카드"),
    "pcr_test": ("pcr_음성_확인서", "음성_확인서", "pcr_확인서", "음성_증명서"),
    "quarantine_exemption": ("격리_면제서", "격리면제_확인서"),
    "military_permit": ("국외여행_허가서", "국외여행_허가", "국외_여행_허가서", "병적_증명서"),
    "medical_certificate": ("진단서", "소견서", "의사_소견서", "진료_기록지", "medical certificate", "诊断书", "診断書"),
    "police_report": (
        "폴리스_리포트",
        "폴리스_레포트",
        "경찰_신고서",
        "분실_신고서",
        "도난_신고서",
        "분실_증명서",
        "도난_증명서",
        "경찰_확인서",
        "사건사실_확인원",
        "police report",
    ),
    "ticket": ("항공권", "비행기표", "비행기_표", "탑승권", "보딩패스", "전자_항공권", "이티켓", "e-ticket", "boarding pass", "plane ticket", "机票", "航空券"),
    "graduation_certificate": ("졸업_증명서", "재학_증명서", "성적_증명서", "졸업장"),
    "employment_certificate": ("재직_증명서", "경력_증명서"),
    "bank_statement": ("잔고_증명서", "잔액_증명서", "통장_사본"),
    "work_permit": ("노동_허가서", "노동_허가증", "취업_허가서", "워크_퍼밋", "워킹_퍼밋", "work permit"),
}
# Before "비자": visa-free, consumer; after it: a card's brand. "시민증" is no ID card that can be lost at a counter of ours.
_NOT_BEFORE = {"비자": "무소노캐", "민증": "시난국", "사증": "조수검심", "공증": "인제", "여권": "남", "면허증": "사", "영주권": "비"}
_NOT_AFTER = re.compile(r"카드|마스터|\s?신장")
_CUT_OFF = "명"  # "체류증명서" is no "체류증"


@lru_cache(maxsize=1)
def _matcher() -> Matcher[str]:
    return Matcher({folded(spelling): kind for kind, names in DOCUMENTS.items() for name in names for spelling in spellings(name)})


def documents(text: str, tokens: Sequence[Token]) -> Iterator[Entity]:
    """Documents that the text names; a name of two syllables counts inside a word only where Kiwi begins a morpheme."""
    for start, end, kind in _matcher().find(folded(text)):
        name = text[start:end]
        if name.endswith("증") and text.startswith(_CUT_OFF, end):
            continue
        before = text[start - 1] if start else " "
        if before in _NOT_BEFORE.get(name, "") or (name == "비자" and _NOT_AFTER.match(text, end)) or (name == "여권" and text.startswith("신장", end)):
            continue
        if len(name) == 2 and name != "여권" and is_hangul(name[0]) and is_hangul(before) and not any(t.start == start for t in tokens) and name != "비자":
            continue
        yield Entity("document", name, kind, start, end)
