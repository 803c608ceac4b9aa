"""What answers from rows say, in the languages citizens write in. Regions and rules stay in the ministry's own words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from knowledge_base.phrases import korean_date

SEOUL = ZoneInfo("Asia/Seoul")

LEVELS: dict[str, dict[str, str]] = {
    "ko": {"1": "1단계 여행유의", "2": "2단계 여행자제", "special": "특별여행주의보", "3": "3단계 출국권고", "4": "4단계 여행금지"},
    "en": {
        "1": "level 1 (caution)",
        "2": "level 2 (avoid unneeded trips)",
        "special": "special travel advisory",
        "3": "level 3 (leave)",
        "4": "level 4 (travel ban)",
    },
    "ja": {"1": "1段階（旅行注意）", "2": "2段階（旅行自制）", "special": "特別旅行注意報", "3": "3段階（出国勧告）", "4": "4段階（旅行禁止）"},
    "zh": {"1": "1级（旅行注意）", "2": "2级（谨慎旅行）", "special": "特别旅行注意令", "3": "3级（建议离境）", "4": "4级（禁止旅行）"},
    "vi": {
        "1": "cấp 1 (lưu ý)",
        "2": "cấp 2 (hạn chế đi lại)",
        "special": "khuyến cáo du lịch đặc biệt",
        "3": "cấp 3 (khuyến cáo rời đi)",
        "4": "cấp 4 (cấm du lịch)",
    },
    "fr": {
        "1": "niveau 1 (prudence)",
        "2": "niveau 2 (éviter les voyages non nécessaires)",
        "special": "avis spécial de voyage",
        "3": "niveau 3 (départ recommandé)",
        "4": "niveau 4 (voyage interdit)",
    },
    "es": {
        "1": "nivel 1 (precaución)",
        "2": "nivel 2 (evitar viajes innecesarios)",
        "special": "aviso especial de viaje",
        "3": "nivel 3 (se recomienda salir)",
        "4": "nivel 4 (viaje prohibido)",
    },
    "ru": {
        "1": "уровень 1 (осторожность)",
        "2": "уровень 2 (воздержаться от ненужных поездок)",
        "special": "особое предупреждение о поездках",
        "3": "уровень 3 (рекомендуется выехать)",
        "4": "уровень 4 (поездки запрещены)",
    },
}

WHOLE = {
    "ko": "{country}의 여행경보는 {level}입니다.",
    "en": "The Korean travel alarm for {country} is {level}.",
    "ja": "{country}の旅行警報（韓国外交部）は{level}です。",
    "zh": "韩国外交部对{country}的旅行警报为{level}。",
    "vi": "Cảnh báo du lịch của Hàn Quốc đối với {country}: {level}.",
    "fr": "L'alerte de voyage coréenne pour {country} : {level}.",
    "es": "La alerta de viaje coreana para {country}: {level}.",
    "ru": "Предупреждение МИД Кореи для страны {country}: {level}.",
}
HIGHEST = {
    "ko": "{country}의 여행경보는 지역에 따라 다르며, 가장 높은 것은 {level}입니다.",
    "en": "The Korean travel alarm for {country} differs by region; the highest is {level}.",
    "ja": "{country}の旅行警報（韓国外交部）は地域により異なり、最も高いのは{level}です。",
    "zh": "韩国外交部对{country}的旅行警报因地区而异，最高为{level}。",
    "vi": "Cảnh báo du lịch của Hàn Quốc đối với {country} khác nhau theo khu vực; cao nhất là {level}.",
    "fr": "L'alerte de voyage coréenne pour {country} varie selon les régions ; la plus élevée : {level}.",
    "es": "La alerta de viaje coreana para {country} varía por región; la más alta: {level}.",
    "ru": "Предупреждение МИД Кореи для страны {country} зависит от региона; самое высокое: {level}.",
}
PART = {
    "ko": "{country} 일부 지역의 여행경보는 {level}입니다.",
    "en": "Parts of {country} have a Korean travel alarm: {level}.",
    "ja": "{country}の一部地域に旅行警報（韓国外交部）が出ています：{level}。",
    "zh": "{country}部分地区有韩国外交部旅行警报：{level}。",
    "vi": "Một số khu vực của {country} có cảnh báo du lịch của Hàn Quốc: {level}.",
    "fr": "Une partie de {country} fait l'objet d'une alerte de voyage coréenne : {level}.",
    "es": "Parte de {country} tiene una alerta de viaje coreana: {level}.",
    "ru": "Для части страны {country} действует предупреждение МИД Кореи: {level}.",
}
ALL = {"ko": "전 지역", "en": "whole country", "ja": "全域", "zh": "全境", "vi": "toàn quốc", "fr": "tout le pays", "es": "todo el país", "ru": "вся страна"}
SOME = {
    "ko": "일부 지역",
    "en": "some regions",
    "ja": "一部地域",
    "zh": "部分地区",
    "vi": "một số khu vực",
    "fr": "certaines régions",
    "es": "algunas regiones",
    "ru": "некоторые регионы",
}
NONE = {
    "ko": "{country}에는 지금 내려진 여행경보가 없습니다.",
    "en": "There is no Korean travel alarm for {country} at present.",
    "ja": "{country}に現在出ている旅行警報（韓国外交部）はありません。",
    "zh": "{country}目前没有韩国外交部的旅行警报。",
    "vi": "Hiện không có cảnh báo du lịch nào của Hàn Quốc đối với {country}.",
    "fr": "Il n'y a actuellement aucune alerte de voyage coréenne pour {country}.",
    "es": "Actualmente no hay ninguna alerta de viaje coreana para {country}.",
    "ru": "Сейчас для страны {country} нет предупреждений МИД Кореи.",
}
UNKNOWN = {
    "ko": "{country}의 여행경보는 현재 확인할 수 없습니다. 영사안전콜센터 {phone} 로 확인하실 수 있습니다. 상담관에게 연결해 드릴까요?",
    "en": "The travel alarm of {country} cannot be confirmed at present. Call {phone} to check, or shall I connect you to a person?",
    "ja": "{country}の旅行警報は現在確認できません。{phone} でご確認いただくか、相談員におつなぎしましょうか。",
    "zh": "目前无法确认{country}的旅行警报。请拨打 {phone} 确认，或者需要为您转接人工咨询吗？",
    "vi": "Hiện chưa thể xác nhận cảnh báo du lịch của {country}. Hãy gọi {phone} để kiểm tra, hoặc bạn có muốn gặp nhân viên tư vấn không?",
    "fr": "L'alerte de voyage pour {country} ne peut pas être confirmée actuellement. Appelez le {phone}, ou voulez-vous parler à une personne ?",
    "es": "En este momento no se puede confirmar la alerta de viaje de {country}. Llame al {phone} para comprobarlo, ¿o quiere hablar con una persona?",
    "ru": "Сейчас нельзя подтвердить предупреждение для страны {country}. Позвоните по номеру {phone} или скажите, соединить ли вас с сотрудником.",
}
OLD = {
    "ko": "{when}에 확인한 내용이며 그 뒤 바뀌었을 수 있습니다. 떠나시기 전에 {phone} 로 확인해 주세요.",
    "en": "This was last checked on {when} and may have changed. Call {phone} before you travel.",
    "ja": "{when}に確認した内容で、その後変わった可能性があります。出発前に {phone} でご確認ください。",
    "zh": "以上内容确认于{when}，之后可能已变更。出发前请拨打 {phone} 确认。",
    "vi": "Thông tin được kiểm tra lúc {when} và có thể đã thay đổi. Hãy gọi {phone} trước khi đi.",
    "fr": "Vérifié le {when} ; cela a pu changer. Appelez le {phone} avant de partir.",
    "es": "Comprobado el {when}; puede haber cambiado. Llame al {phone} antes de viajar.",
    "ru": "Проверено {when}; с тех пор могло измениться. Позвоните по номеру {phone} перед поездкой.",
}
SOURCE = {
    "ko": "({source}, {written}{checked} 확인)",
    "en": "({source}, {written}checked {checked})",
    "ja": "（{source}、{written}{checked} 確認）",
    "zh": "（{source}，{written}{checked} 确认）",
    "vi": "({source}, {written}kiểm tra {checked})",
    "fr": "({source}, {written}vérifié le {checked})",
    "es": "({source}, {written}comprobado el {checked})",
    "ru": "({source}, {written}проверено {checked})",
}
_WRITTEN = {
    "ko": "{day} 기준, ",
    "en": "dated {day}, ",
    "ja": "{day}付、",
    "zh": "{day}发布，",
    "vi": "ngày {day}, ",
    "fr": "daté du {day}, ",
    "es": "con fecha {day}, ",
    "ru": "от {day}, ",
}

ENTRY = {
    "ko": "{country} 입국허가요건(일반여권): {rule}",
    "en": "Entry to {country} with an ordinary Korean passport: {rule}",
    "ja": "{country}への入国（韓国の一般旅券）：{rule}",
    "zh": "持韩国普通护照入境{country}：{rule}",
    "vi": "Nhập cảnh {country} bằng hộ chiếu phổ thông Hàn Quốc: {rule}",
    "fr": "Entrée en {country} avec un passeport coréen ordinaire : {rule}",
    "es": "Entrada en {country} con pasaporte coreano ordinario: {rule}",
    "ru": "Въезд в страну {country} с обычным корейским паспортом: {rule}",
}
VISA_FREE = {
    "ko": "무비자 입국 가능",
    "en": "no visa needed",
    "ja": "査証免除",
    "zh": "免签",
    "vi": "miễn thị thực",
    "fr": "sans visa",
    "es": "sin visado",
    "ru": "без визы",
}
VISA = {
    "ko": "비자(사증) 필요",
    "en": "a visa is needed",
    "ja": "査証が必要",
    "zh": "需要签证",
    "vi": "cần thị thực",
    "fr": "visa requis",
    "es": "se necesita visado",
    "ru": "нужна виза",
}
OTHER_PASSPORTS = (("official", "관용여권"), ("diplomatic", "외교관여권"))


@lru_cache(maxsize=8)
def _names(language: str) -> dict[str, str]:
    from babel import Locale

    return dict(Locale(language).territories)


#: CLDR's Korean names of these are not how Koreans say them.
_KOREAN = {"HK": "홍콩", "MO": "마카오", "CD": "콩고민주공화국", "CG": "콩고공화국"}


def country_name(code: str, language: str, given: str = "") -> str:
    """A country's name in the language of the answer; in Korean the ministry's own where it gives one."""
    if language == "ko":
        return given or _KOREAN.get(code) or _names("ko").get(code, code)
    return _names(language).get(code, given or code)


def moment(at: datetime, language: str) -> str:
    """A time of Seoul, to the minute."""
    here = at.astimezone(SEOUL)
    clock = f"{here:%H:%M}"
    return f"{korean_date(here.date())} {clock}" if language == "ko" else f"{here.date().isoformat()} {clock} (KST)"


def source_line(source: str, written_on: date | None, checked_at: datetime, language: str) -> str:
    """Where a row comes from, its own date if it has one, and when the source last said so."""
    day = "" if written_on is None else korean_date(written_on) if language == "ko" else written_on.isoformat()
    return SOURCE[language].format(
        source=source, written=_WRITTEN[language].format(day=day) if day else "", checked=moment(checked_at.astimezone(UTC), language)
    )
