"""The services of the ministry that we read: where each answers, how its rows are told apart, how long an interrupted fetch may go on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the rows of a service become."""

    NOTICE = "notice"  # drafts for the editors
    ALARM = "alarm"  # rows of alarm_levels
    ENTRY = "entry"  # rows of entry_rules
    MISSION = "mission"  # rows of mission_facts
    CONTACT = "contact"  # rows of local_contacts


HOUR_S = 3600


@dataclass(frozen=True)
class Service:
    """One operation of the API."""

    name: str
    path: str
    kind: Kind
    source: str
    #: An interrupted fetch younger than this goes on where it stopped; facts must not be pieced together over a day.
    resume_s: int = HOUR_S


SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service("travel-alarms", "TravelAlarmService2/getTravelAlarmList2", Kind.ALARM, "외교부 여행경보"),
        Service("special-advisories", "SptravelWarningService2/getSptravelWarningList2", Kind.ALARM, "외교부 특별여행주의보"),
        Service("travel-bans", "TravelBanService2/getTravelBanList2", Kind.ALARM, "외교부 여행금지"),
        Service("entry-rules", "EntranceVisaService2/getEntranceVisaList2", Kind.ENTRY, "외교부 국가별 입국허가요건"),
        Service("missions", "EmbassyService2/getEmbassyList2", Kind.MISSION, "외교부 재외공관 정보"),
        Service("local-contacts", "LocalContactService2/getLocalContactList2", Kind.CONTACT, "외교부 국가별 현지연락처"),
        Service("notices", "NoticeService2/getNoticeList2", Kind.NOTICE, "외교부 공지사항", 26 * HOUR_S),
        Service("safety-notices", "CountrySafetyService7/getCountrySafetyList7", Kind.NOTICE, "외교부 국가·지역별 안전공지", 26 * HOUR_S),
    )
}

TRAVEL_ALARMS = "travel-alarms"
ALARM_SERVICES = tuple(name for name, service in SERVICES.items() if service.kind is Kind.ALARM)
