"""The closed lists of triage: how urgent, and what kind of trouble."""

from __future__ import annotations

from enum import StrEnum


class Urgency(StrEnum):
    """How soon a person must look; the first two are emergencies."""

    LIFE_THREAT = "life_threat"  # life or body in danger now, or held against one's will
    URGENT = "urgent"  # a person is needed soon, nobody is dying
    NON_URGENT = "non_urgent"  # the bot serves, a person is offered
    NONE = "none"  # an ordinary question

    @property
    def label(self) -> str:
        """Korean name shown to staff."""
        return _URGENCY_LABELS[self]

    @property
    def is_emergency(self) -> bool:
        """Whether a person must be brought in."""
        return self in (Urgency.LIFE_THREAT, Urgency.URGENT)

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Urgency).index(self)


class Category(StrEnum):
    """What has happened."""

    CONFINEMENT = "confinement"  # held, locked in, coerced, trafficked
    ROBBERY_THEFT = "robbery_theft"  # robbed or stolen from
    ASSAULT = "assault"  # beaten, threatened
    SEXUAL_VIOLENCE = "sexual_violence"  # sexual violence or harassment
    DOMESTIC_VIOLENCE = "domestic_violence"  # violence by partner or family
    STALKING = "stalking"  # followed, watched
    TERROR_SHOOTING = "terror_shooting"  # shooting, explosion, attack
    NATURAL_DISASTER = "natural_disaster"  # earthquake, storm, flood, eruption
    WAR_UNREST = "war_unrest"  # war, coup, riot
    TRAFFIC_ACCIDENT = "traffic_accident"  # road accident
    ILLNESS_INJURY = "illness_injury"  # ill or hurt
    SELF_HARM = "self_harm"  # wish to die, self-harm
    DEATH = "death"  # somebody has died
    MISSING = "missing"  # nobody can reach somebody
    ARREST_DETENTION = "arrest_detention"  # arrested, detained, refused entry
    OUTDOOR_WATER = "outdoor_water"  # mountain, desert, sea
    FIRE_GAS = "fire_gas"  # fire, gas, smoke
    FRAUD_IN_PROGRESS = "fraud_in_progress"  # being cheated now
    STRANDED = "stranded"  # no money, no way on, no shelter
    CHILD_ALONE = "child_alone"  # a child without its guardian
    DRUGGED = "drugged"  # given a drug
    LABOUR_ABUSE = "labour_abuse"  # abuse at work
    SHIP_AIRCRAFT = "ship_aircraft"  # accident of a ship or aircraft
    OTHER = "other"  # anything else

    @property
    def label(self) -> str:
        """Korean name shown to staff."""
        return _CATEGORY_LABELS[self]


_URGENCY_LABELS = {
    Urgency.LIFE_THREAT: "생명 위협",
    Urgency.URGENT: "긴급",
    Urgency.NON_URGENT: "비긴급",
    Urgency.NONE: "일반",
}
_CATEGORY_LABELS = {
    Category.CONFINEMENT: "감금·납치",
    Category.ROBBERY_THEFT: "강도·절도",
    Category.ASSAULT: "폭행·협박",
    Category.SEXUAL_VIOLENCE: "성폭력",
    Category.DOMESTIC_VIOLENCE: "가정폭력",
    Category.STALKING: "스토킹",
    Category.TERROR_SHOOTING: "테러·총기",
    Category.NATURAL_DISASTER: "자연재해",
    Category.WAR_UNREST: "전쟁·소요",
    Category.TRAFFIC_ACCIDENT: "교통사고",
    Category.ILLNESS_INJURY: "질병·부상",
    Category.SELF_HARM: "자해·자살 위기",
    Category.DEATH: "사망",
    Category.MISSING: "실종·연락두절",
    Category.ARREST_DETENTION: "체포·구금",
    Category.OUTDOOR_WATER: "산악·수상 사고",
    Category.FIRE_GAS: "화재·가스",
    Category.FRAUD_IN_PROGRESS: "진행 중 사기",
    Category.STRANDED: "고립·무일푼",
    Category.CHILD_ALONE: "미성년자 홀로",
    Category.DRUGGED: "약물 피해",
    Category.LABOUR_ABUSE: "노동 착취",
    Category.SHIP_AIRCRAFT: "선박·항공 사고",
    Category.OTHER: "기타",
}
