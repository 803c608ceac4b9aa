"""When a mission works: weekends of the Gulf, holidays of both countries, summer time, and hours that nobody has verified."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from handoff.jurisdiction.calendars import day_off, is_known
from handoff.jurisdiction.hours import CLOSED_NOW, LOOK_AHEAD_DAYS, WEEKEND, Hours, assumed_hours, openness, parse_hours
from knowledge_base.reference import read_missions


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def state(country, zone, moment, text=None):
    hours = parse_hours(text, zone) if text else assumed_hours(zone)
    return openness(hours, lambda day: day_off(country, day), at(moment))


@pytest.mark.parametrize(
    ("text", "days", "spans"),
    [
        ("월-금 09:00-12:00, 13:30-17:00", {0, 1, 2, 3, 4}, ((time(9), time(12)), (time(13, 30), time(17)))),
        ("일-목 08:00~16:00", {6, 0, 1, 2, 3}, ((time(8), time(16)),)),
        ("월요일 09:00-17:00", {0}, ((time(9), time(17)),)),
        ("9:00-18:00", None, ((time(9), time(18)),)),
    ],
)
def test_hours_as_staff_write_them(text, days, spans):
    hours = parse_hours(text, "UTC")
    assert (hours.days, hours.spans, hours.is_verified) == (days and frozenset(days), spans, True)


@pytest.mark.parametrize("text", ["", "평일만", "월-금 17:00-09:00", "월-금 25:00-26:00", "월-금 09:00-17:00 (금요일은 단축)", "09:00-13:00 12:00-17:00"])
def test_what_cannot_be_read_for_certain_is_a_text_for_people(text):
    assert parse_hours(text, "UTC") is None


def test_open_on_a_working_morning_and_shut_over_lunch():
    assert state("TH", "Asia/Bangkok", "2026-11-20T03:00").is_open  # Friday, 10:00
    lunch = state("TH", "Asia/Bangkok", "2026-11-20T05:30")
    assert (lunch.is_open, lunch.why) == (False, CLOSED_NOW)
    assert lunch.next_opening == at("2026-11-20T06:00")


def test_unverified_hours_say_so():
    assert not state("TH", "Asia/Bangkok", "2026-11-20T03:00").is_verified
    assert state("TH", "Asia/Bangkok", "2026-11-20T03:00", "월-금 09:00-17:00").is_verified


def test_friday_and_saturday_are_the_weekend_in_saudi_arabia_and_sunday_is_not():
    friday = state("SA", "Asia/Riyadh", "2026-11-20T08:00")
    assert (friday.is_open, friday.why) == (False, WEEKEND)
    assert friday.next_opening == at("2026-11-22T06:00")
    assert state("SA", "Asia/Riyadh", "2026-11-22T08:00").is_open


def test_the_emirates_rest_on_saturday_and_sunday():
    assert state("AE", "Asia/Dubai", "2026-11-20T06:00").is_open
    assert not state("AE", "Asia/Dubai", "2026-11-21T06:00").is_open


def test_a_mission_that_writes_its_own_week_keeps_it():
    text = "일-목 09:00-16:00"
    assert not state("AE", "Asia/Dubai", "2026-11-20T06:00", text).is_open
    assert state("AE", "Asia/Dubai", "2026-11-22T06:00", text).is_open


def test_a_local_holiday_closes_it_and_is_named():
    closed = state("TH", "Asia/Bangkok", "2026-04-13T04:00")
    assert not closed.is_open
    assert "Songkran" in closed.why


def test_a_korean_national_day_closes_it_and_the_lunar_new_year_does_not():
    assert "광복절" in day_off("US", date(2025, 8, 15))
    assert day_off("US", date(2026, 2, 17)) is None  # 설날
    assert day_off("US", date(2026, 11, 26)) == "현지 공휴일 Thanksgiving Day"


def test_a_holiday_of_a_division_counts_only_there():
    assert day_off("DE", date(2026, 6, 4), "HE") is not None  # Fronleichnam
    assert day_off("DE", date(2026, 6, 4), "BE") is None
    assert day_off("DE", date(2026, 6, 4), "no such") is None


def test_summer_time_moves_the_hours_in_utc():
    winter, summer = "2026-01-14T08:30", "2026-07-15T07:30"
    assert state("DE", "Europe/Berlin", winter).is_open
    assert state("DE", "Europe/Berlin", summer).is_open
    assert not state("DE", "Europe/Berlin", "2026-01-14T07:30").is_open


def test_the_next_opening_over_the_night_of_the_change_is_nine_by_the_new_clock():
    before = state("DE", "Europe/Berlin", "2026-03-28T12:00")  # Saturday; clocks go forward on Sunday
    assert before.next_opening == at("2026-03-30T07:00")


def test_the_local_day_decides_not_the_day_in_utc():
    monday = state("NZ", "Pacific/Auckland", "2026-11-22T21:00")  # Sunday in UTC, Monday 10:00 there
    assert monday.is_open
    assert monday.local_time.date() == date(2026, 11, 23)


def test_who_never_opens_has_no_next_opening():
    hours = Hours("UTC", ((time(9), time(17)),))
    assert openness(hours, lambda day: "공사", at("2026-11-22T00:00")).next_opening is None


def test_the_next_opening_is_always_later_and_always_open():
    hours = assumed_hours("Asia/Riyadh")
    start = at("2026-02-01T00:00")
    for step in range(0, LOOK_AHEAD_DAYS * 24, 5):
        moment = start + timedelta(hours=step)
        found = openness(hours, lambda day: day_off("SA", day), moment)
        if not found.is_open:
            assert found.next_opening > moment
            assert openness(hours, lambda day: day_off("SA", day), found.next_opening).is_open


def test_every_country_with_a_mission_has_a_calendar():
    assert [country for country in sorted({row["country"] for row in read_missions()}) if not is_known(country)] == []
    assert not is_known("XX")
    assert day_off("XX", date(2026, 11, 21)) == WEEKEND
