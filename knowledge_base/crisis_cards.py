"""Approved crisis cards: what a person in danger is told first. Chosen by category, country and language, never by search.

The rules that protect people are checked when the cards are loaded, so that a careless edit stops the start and not a rescue:
no sentence may read as rescue on its way, every card says that it is not, and where the person's keeper may read along there is
no number to tap and no word that gives the person away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from conversation.schemas import Phone
from core.errors import HOTLINE, StartError
from core.settings import ROOT
from knowledge_base.errors import CardError
from knowledge_base.phrases import spoken_language
from knowledge_base.reference import is_dialable
from knowledge_base.schemas import CrisisCard, EmergencyNumber
from language.categories import Category

CARDS_FOLDER = ROOT / "data" / "crisis_cards"
GENERIC = "generic"
#: Where whoever holds or threatens the person may read along: no numbers, no word of police or rescue.
QUIET = frozenset(
    {
        Category.CONFINEMENT,
        Category.LABOUR_ABUSE,
        Category.DOMESTIC_VIOLENCE,
        Category.STALKING,
        Category.ARREST_DETENTION,
        Category.SEXUAL_VIOLENCE,
    }
)
#: Local services worth offering for a category, most useful first; those not named get all three.
SERVICES: dict[Category, tuple[str, ...]] = {
    Category.ROBBERY_THEFT: ("police",),
    Category.ASSAULT: ("police", "ambulance"),
    Category.TERROR_SHOOTING: ("police", "ambulance"),
    Category.WAR_UNREST: ("police", "ambulance"),
    Category.TRAFFIC_ACCIDENT: ("ambulance", "police"),
    Category.ILLNESS_INJURY: ("ambulance",),
    Category.SELF_HARM: ("ambulance",),
    Category.DEATH: ("police",),
    Category.MISSING: ("police",),
    Category.FIRE_GAS: ("fire", "ambulance"),
    Category.FRAUD_IN_PROGRESS: ("police",),
    Category.STRANDED: ("police",),
    Category.CHILD_ALONE: ("police",),
    Category.DRUGGED: ("ambulance",),  # whoever gave the drug may hold the phone: no police beside it
}
SERVICE_LABELS = {
    "ko": {"police": "현지 경찰", "ambulance": "현지 구급", "fire": "현지 소방", "own": "영사안전콜센터 (24시간)"},
    "en": {"police": "Local police", "ambulance": "Local ambulance", "fire": "Local fire service", "own": "Consular call centre (24 h)"},
    "ja": {"police": "現地の警察", "ambulance": "現地の救急", "fire": "現地の消防", "own": "領事安全コールセンター（24時間）"},
    "zh": {"police": "当地警察", "ambulance": "当地急救", "fire": "当地消防", "own": "领事安全呼叫中心（24小时）"},
    "vi": {"police": "Cảnh sát địa phương", "ambulance": "Cấp cứu địa phương", "fire": "Cứu hỏa địa phương", "own": "Tổng đài lãnh sự (24 giờ)"},
    "fr": {"police": "Police locale", "ambulance": "Ambulance locale", "fire": "Pompiers locaux", "own": "Centre d'appels consulaire (24 h/24)"},
    "es": {"police": "Policía local", "ambulance": "Ambulancia local", "fire": "Bomberos locales", "own": "Centro de llamadas consular (24 horas)"},
    "ru": {"police": "Местная полиция", "ambulance": "Местная скорая", "fire": "Местные пожарные", "own": "Консульский колл-центр (круглосуточно)"},
}
WHERE = {
    "ko": "어느 나라, 어느 도시에 계신가요?",
    "en": "Which country and which city are you in?",
    "ja": "どの国の、どの都市にいらっしゃいますか。",
    "zh": "您在哪个国家、哪个城市？",
    "vi": "Bạn đang ở nước nào, thành phố nào?",
    "fr": "Dans quel pays et dans quelle ville êtes-vous ?",
    "es": "¿En qué país y en qué ciudad está?",
    "ru": "В какой вы стране и в каком городе?",
}
SAFE_TO_READ = {
    "ko": "지금 글을 봐도 안전한가요?",
    "en": "Is it safe for you to read this now?",
    "ja": "今、この文を見ても安全ですか。",
    "zh": "您现在看这些文字安全吗？",
    "vi": "Bây giờ bạn đọc tin nhắn này có an toàn không?",
    "fr": "Pouvez-vous lire ceci sans danger maintenant ?",
    "es": "¿Puede leer esto ahora sin peligro?",
    "ru": "Вам сейчас безопасно это читать?",
}
#: Every card says that a person is being connected and that nobody is on the way.
NOT_A_RESCUE = {
    "ko": ("상담관을 연결하고 있습니다.", "현장 출동이 아닙니다."),
    "en": ("We are connecting you to a person.", "This does not send help to you."),
    "ja": ("相談員におつなぎしています。", "現場への出動ではありません。"),
    "zh": ("正在为您转接咨询人员。", "这不是派人到现场。"),
    "vi": ("Chúng tôi đang kết nối bạn với nhân viên tư vấn.", "Đây không phải là cử người đến hiện trường."),
    "fr": ("Nous vous mettons en relation avec une personne.", "Personne n'est envoyé sur place."),
    "es": ("Le estamos comunicando con una persona.", "Esto no envía a nadie al lugar."),
    "ru": ("Мы соединяем вас с сотрудником.", "Это не выезд на место."),
}
#: Loud cards also say whom to call first.
CALL_FIRST = {
    "ko": "안전하게 전화할 수 있으면 현지 구조기관에 먼저 연락하세요.",
    "en": "If you can call safely, call the local emergency services first.",
    "ja": "安全に電話できるなら、まず現地の救助機関に連絡してください。",
    "zh": "如果能安全打电话，请先联系当地救援机构。",
    "vi": "Nếu gọi điện được an toàn, hãy gọi cơ quan cứu hộ địa phương trước.",
    "fr": "Si vous pouvez appeler sans danger, appelez d'abord les secours locaux.",
    "es": "Si puede llamar sin peligro, llame primero a los servicios de emergencia locales.",
    "ru": "Если можете безопасно позвонить, сначала позвоните в местную службу спасения.",
}
_PROMISES = re.compile(
    r"출동(?:했|합|하고|하겠|할|시켰|시키)|구조대(?:가|를|는)\s*(?:가|갑|오|곧|보|출)|구조하러|구하러|보냈습니다|보내겠|보내 드리|곧\s*(?:도착|갑니다|가겠)|"
    r"가고 있|오고 있|도착합니다|도착할|경찰을 보|찾아가겠|찾아갑니다|"
    r"on (?:the|their|our|its) way|(?:is|are) coming|will (?:come|arrive|rescue|send)|dispatched|(?:been|have) sent|help is|"
    r"向かって(?:い|お)|派遣し(?:ま|た)|到着し|救助に(?:行|向)|正在(?:赶|前)往|马上(?:到|来)|已(?:派|出动)|前去营救|"
    r"đang (?:đến|tới|trên đường)|sẽ (?:đến|tới|cử)|đã (?:cử|điều)|"
    r"en route|en chemin|arriv(?:e|ent|era|eront)\b|(?:a|ont) été envoyé|va venir|vont venir|"
    r"en camino|va(?:n)? a llegar|llegar(?:á|án)|(?:ha|han) sido enviad|hemos enviado|"
    r"в пути|едут|едет|выехал|приедут|прибуд|прибыва|отправ(?:лен|или)|направ(?:лен|или)",
    re.I,
)
_BETRAYING = re.compile(
    r"경찰|구조|신고|탈출|도망|납치|감금|가해|범인|범죄|학대|police|rescue|escape|kidnap|abus|crime|report|"
    r"警察|救助|通報|脱出|逃|救援|报警|绑架|cảnh sát|cứu|trốn|bắt cóc|tố cáo|"
    r"polici?[eí]?a?\b|secours|sauv|évad|fuir|enlèv|plainte|rescat|escap|secuestr|denunci|полици|спас|побег|сбежа|похи[щт]|заявлен",
    re.I,
)
_NUMBER = re.compile(r"\d(?:[\s().-]*\d){2,}")
_SENTENCE = re.compile(r"[.!?。？！]+(?=\s|$|[^\s\d])")
MOST_SENTENCES = 2
MOST_LINE_CHARS = {"ko": 90, "ja": 90, "zh": 80, "en": 170, "vi": 190, "fr": 190, "es": 190, "ru": 190}
_FIELDS = {"id", "category", "countries", "language", "lines", "author", "approver", "approved_at", "source"}


@dataclass(frozen=True)
class Card:
    """A card as it stands in its file."""

    id: str
    category: str
    countries: tuple[str, ...]
    language: str
    lines: tuple[str, ...]
    author: str
    approver: str
    approved_at: date
    source: str

    @property
    def is_quiet(self) -> bool:
        """Whether somebody dangerous may read along."""
        return self.category != GENERIC and Category(self.category) in QUIET


def check_card(raw: Mapping[str, Any]) -> Card | None:
    """Read one card; None for one that nobody has approved.

    Raises:
        CardError: a field is wrong or a rule that protects people is broken.
    """
    name = str(raw.get("id", "?"))
    if set(raw) - _FIELDS:
        raise CardError(f"{name}: unknown fields {sorted(set(raw) - _FIELDS)}")
    if not raw.get("approver") or not raw.get("approved_at"):
        return None
    for key in ("id", "category", "language", "author", "approver", "source"):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise CardError(f"{name}: {key} must be text")
    if raw["category"] != GENERIC and raw["category"] not in set(Category):
        raise CardError(f"{name}: there is no category {raw['category']}")
    if raw["language"] not in NOT_A_RESCUE:
        raise CardError(f"{name}: language {raw['language']} is not one we can check")
    if not isinstance(raw["approved_at"], date):
        raise CardError(f"{name}: approved_at must be a date")
    countries = raw.get("countries") or []
    if not isinstance(countries, list) or not all(isinstance(c, str) and re.fullmatch(r"[A-Z]{2}", c) for c in countries):
        raise CardError(f"{name}: countries must be ISO codes")
    lines = raw.get("lines")
    if not isinstance(lines, list) or len(lines) < 2 or not all(isinstance(line, str) and line.strip() for line in lines):
        raise CardError(f"{name}: a card has at least two lines of text")
    card = Card(
        raw["id"],
        raw["category"],
        tuple(countries),
        raw["language"],
        tuple(line.strip() for line in lines),
        raw["author"],
        raw["approver"],
        raw["approved_at"],
        raw["source"],
    )
    _check_words(card)
    return card


def _check_words(card: Card) -> None:
    text = "\n".join(card.lines)
    for line in card.lines:
        if len(_SENTENCE.findall(line)) > MOST_SENTENCES or len(line) > MOST_LINE_CHARS[card.language]:
            raise CardError(f"{card.id}: a line has at most two short sentences: {line!r}")
    if _NUMBER.search(text):
        raise CardError(f"{card.id}: a number never stands in a card's text; numbers are offered beside it, with source and date")
    allowed = text
    for sentence in NOT_A_RESCUE[card.language]:
        if sentence not in text:
            raise CardError(f"{card.id}: the sentence {sentence!r} is missing")
        allowed = allowed.replace(sentence, "")
    if any(sentence in card.lines[0] for sentence in NOT_A_RESCUE[card.language]):
        raise CardError(f"{card.id}: the first line says what to do now")
    if _PROMISES.search(allowed):
        raise CardError(f"{card.id}: a sentence reads as if somebody were on the way")
    if card.is_quiet:
        if card.lines[0] != SAFE_TO_READ[card.language]:
            raise CardError(f"{card.id}: the first line must be {SAFE_TO_READ[card.language]!r}")
        if _BETRAYING.search(allowed):
            raise CardError(f"{card.id}: a word would give the person away to whoever reads along")
    elif CALL_FIRST[card.language] not in text:
        raise CardError(f"{card.id}: the sentence {CALL_FIRST[card.language]!r} is missing")


class CrisisCards:
    """All approved cards, and the local numbers that may be offered beside them."""

    def __init__(self, cards: Iterable[Card], numbers: Sequence[EmergencyNumber] = (), hotline: str = HOTLINE) -> None:
        self._cards: dict[tuple[str, str], list[Card]] = {}
        seen: set[str] = set()
        for card in cards:
            if card.id in seen:
                raise CardError(f"{card.id}: the id is used twice")
            seen.add(card.id)
            self._cards.setdefault((card.category, card.language), []).append(card)
        self.numbers = tuple(numbers)
        self.hotline = hotline

    @classmethod
    def load(cls, folder: Path = CARDS_FOLDER, numbers: Sequence[EmergencyNumber] = (), hotline: str = HOTLINE) -> CrisisCards:
        """Read and check every file.

        Raises:
            StartError: a card breaks a rule, or there is no approved generic card in Korean.
        """
        cards: list[Card] = []
        try:
            for path in sorted(folder.glob("*.yaml")):
                stored = yaml.safe_load(path.read_text(encoding="utf-8"))
                if not isinstance(stored, list):
                    raise CardError(f"{path.name}: a file is a list of cards")
                cards += [card for card in map(check_card, stored) if card is not None]
            loaded = cls(cards, numbers, hotline)
        except (CardError, yaml.YAMLError, OSError, AttributeError) as error:
            raise StartError(f"The crisis cards cannot be used ({error}).") from error
        if not any(not card.countries for card in loaded._cards.get((GENERIC, "ko"), ())):
            raise StartError("There is no approved generic crisis card in Korean (data/crisis_cards).")
        return loaded

    def with_numbers(self, numbers: Sequence[EmergencyNumber]) -> CrisisCards:
        """The same cards beside other numbers."""
        return CrisisCards([card for group in self._cards.values() for card in group], numbers, self.hotline)

    def card(self, category: str | Category | None, country: str | None = None, language: str = "ko", *, today: date) -> CrisisCard:
        """The card to show: this category's, in this language, for this country; else the next less particular one, at last the generic.

        Where somebody may read along, a card of that kind in Korean goes before a loud generic one in the right language.
        """
        wanted = str(category) if category else GENERIC
        country = country.upper() if country and re.fullmatch(r"[A-Za-z]{2}", country) else None
        spoken = spoken_language(language)
        is_quiet = wanted in {str(c) for c in QUIET}
        languages = [spoken] if spoken == "ko" else [spoken, "ko"]
        places = [(wanted, spoken_) for spoken_ in languages] if is_quiet else [(wanted, spoken)]
        places += [(GENERIC, spoken_) for spoken_ in languages]
        found = next(card for place in places if (card := self._for_country(place, country)) is not None)
        offers = not (is_quiet or found.is_quiet)
        lines = found.lines if country else (*found.lines, WHERE[found.language])
        return CrisisCard(
            id=found.id,
            category=wanted,
            language=found.language,
            lines=lines,
            offer_local_numbers=offers,
            phones=self._phones(wanted, country, found.language, today) if offers else (),
            author=found.author,
            approver=found.approver,
            approved_at=found.approved_at,
            source=found.source,
        )

    def _for_country(self, place: tuple[str, str], country: str | None) -> Card | None:
        group = self._cards.get(place, [])
        particular = next((card for card in group if country and country in card.countries), None)
        return particular or next((card for card in group if not card.countries), None)

    def _phones(self, category: str, country: str | None, language: str, today: date) -> tuple[Phone, ...]:
        """Checked local numbers first, then always the service's own."""
        labels = SERVICE_LABELS[language]
        services = SERVICES.get(Category(category), ("police", "ambulance", "fire")) if category in set(Category) else ("police", "ambulance", "fire")
        found: dict[str, str] = {}
        for service in services:
            for number in self.numbers:
                if country and number.country == country and number.service == service and is_dialable(number, today):
                    found[number.number] = f"{found[number.number]}·{labels[service]}" if number.number in found else labels[service]
        return (*(Phone(label, digits) for digits, label in found.items()), Phone(labels["own"], self.hotline))
