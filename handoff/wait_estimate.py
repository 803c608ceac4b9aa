"""How long a citizen will wait, as a range from measured handling times, and the sentence that says so. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from handoff import queue_order

LONGEST_MIN = 120


@dataclass(frozen=True)
class Crew:
    """Who is there: agents at open desks, the cases they may hold together, and how many more they could take."""

    agents: int
    places: int
    free: int


@dataclass(frozen=True)
class Wait:
    """What is said of one wait; ``low_min`` and ``high_min`` None: unknown."""

    position: int
    low_min: int | None
    high_min: int | None
    crew: str

    @property
    def digest(self) -> str:
        """The same digest is not said twice."""
        return f"{self.position}:{self.low_min}-{self.high_min}:{self.crew}"


def estimate(position: int, severity: str, crew: Crew, quartiles_s: tuple[float, float] | None) -> Wait:
    """The place and the range: everyone ahead needs a place, and places become free as fast as cases end.

    The range spans the quartiles of what cases have taken, rounded outwards. An emergency needs no free place, since caps give way to it, but a person: of
    more emergencies than agents the later ones are promised nothing, because nobody knows how soon somebody turns to the next.
    """
    if crew.agents == 0:
        return Wait(position, None, None, "nobody")
    if queue_order.is_emergency(severity) and position > crew.agents:
        return Wait(position, None, None, "busy")
    ahead = 0 if queue_order.is_emergency(severity) else max(0, position - crew.free)
    if ahead == 0:
        return Wait(position, 0, 1, "open")
    if quartiles_s is None or crew.places == 0:
        return Wait(position, None, None, "busy")
    low = math.floor(ahead * quartiles_s[0] / crew.places / 60)
    high = max(low + 1, math.ceil(ahead * quartiles_s[1] / crew.places / 60))
    return Wait(position, min(low, LONGEST_MIN), min(high, LONGEST_MIN), "busy")


def words(wait: Wait, language: str, hotline: str) -> str:
    """The sentence that the citizen reads, in one of eight languages, English otherwise; never that help is on its way."""
    said = _WORDS.get(language, _WORDS["en"])
    if wait.low_min is None or wait.high_min is None:
        how_long = said["unknown"]
    else:
        how_long = said["longest" if wait.low_min >= LONGEST_MIN else "range" if wait.low_min else "soon"]
    sentences = (*(() if wait.crew == "open" else (said[wait.crew],)), said["place"], how_long)
    return " ".join(sentences).format(hotline=hotline, position=wait.position, low=wait.low_min, high=wait.high_min, most=LONGEST_MIN)


#: By language and by what is said: who is there (nothing if somebody is free), the place, and how long.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "ko": {
        "busy": "상담관이 모두 다른 분을 돕고 있습니다. 급하시면 {hotline} 로 전화하세요.",
        "nobody": "상담관이 모두 다른 분을 돕고 있거나 자리에 없습니다. 급하시면 {hotline} 로 전화하세요.",
        "place": "지금 {position}번째로 기다리고 계십니다.",
        "unknown": "기다리는 시간은 아직 알 수 없습니다.",
        "longest": "{most}분 넘게 걸릴 수 있습니다.",
        "range": "약 {low}~{high}분 걸릴 것으로 보입니다.",
        "soon": "{high}분 안에 연결될 것으로 보입니다.",
    },
    "en": {
        "busy": "All counsellors are busy. If it is urgent, call {hotline}.",
        "nobody": "No counsellor is available at the moment. If it is urgent, call {hotline}.",
        "place": "You are number {position} in the queue.",
        "unknown": "The waiting time is not known yet.",
        "longest": "It may take more than {most} minutes.",
        "range": "It should take about {low} to {high} minutes.",
        "soon": "It should take less than {high} min.",
    },
    "ja": {
        "busy": "相談員は全員対応中です。お急ぎの場合は {hotline} にお電話ください。",
        "nobody": "ただいま対応できる相談員がいません。お急ぎの場合は {hotline} にお電話ください。",
        "place": "現在の順番は{position}番目です。",
        "unknown": "待ち時間はまだわかりません。",
        "longest": "{most}分以上かかることがあります。",
        "range": "{low}～{high}分ほどかかる見込みです。",
        "soon": "{high}分以内につながる見込みです。",
    },
    "zh": {
        "busy": "所有咨询员都在通话中。如情况紧急，请拨打 {hotline}。",
        "nobody": "目前没有可接待的咨询员。如情况紧急，请拨打 {hotline}。",
        "place": "您目前排在第{position}位。",
        "unknown": "暂时无法得知等待时间。",
        "longest": "可能需要{most}分钟以上。",
        "range": "预计需要约{low}至{high}分钟。",
        "soon": "预计{high}分钟内接通。",
    },
    "vi": {
        "busy": "Tất cả tư vấn viên đang bận. Nếu gấp, hãy gọi {hotline}.",
        "nobody": "Hiện không có tư vấn viên nào. Nếu gấp, hãy gọi {hotline}.",
        "place": "Bạn đang ở vị trí thứ {position} trong hàng chờ.",
        "unknown": "Chưa biết phải chờ bao lâu.",
        "longest": "Có thể mất hơn {most} phút.",
        "range": "Dự kiến mất khoảng {low} đến {high} phút.",
        "soon": "Dự kiến được kết nối trong vòng {high} phút.",
    },
    "fr": {
        "busy": "Tous les conseillers sont occupés. En cas d'urgence, appelez le {hotline}.",
        "nobody": "Aucun conseiller n'est disponible pour le moment. En cas d'urgence, appelez le {hotline}.",
        "place": "Votre place dans la file d'attente : {position}.",
        "unknown": "Le temps d'attente n'est pas encore connu.",
        "longest": "L'attente peut dépasser {most} minutes.",
        "range": "L'attente devrait durer de {low} à {high} minutes environ.",
        "soon": "L'attente devrait durer moins de {high} min.",
    },
    "es": {
        "busy": "Todos los asesores están ocupados. Si es urgente, llame al {hotline}.",
        "nobody": "Ahora mismo no hay ningún asesor disponible. Si es urgente, llame al {hotline}.",
        "place": "Su puesto en la cola: {position}.",
        "unknown": "Todavía no se sabe cuánto tendrá que esperar.",
        "longest": "Puede tardar más de {most} minutos.",
        "range": "La espera será de unos {low} a {high} minutos.",
        "soon": "La espera será de menos de {high} min.",
    },
    "ru": {
        "busy": "Все консультанты заняты. Если это срочно, позвоните по номеру {hotline}.",
        "nobody": "Сейчас нет свободных консультантов. Если это срочно, позвоните по номеру {hotline}.",
        "place": "Ваше место в очереди: {position}.",
        "unknown": "Время ожидания пока неизвестно.",
        "longest": "Ожидание может занять больше {most} минут.",
        "range": "Ожидание займёт примерно от {low} до {high} минут.",
        "soon": "Вас соединят примерно в течение {high} мин.",
    },
}
