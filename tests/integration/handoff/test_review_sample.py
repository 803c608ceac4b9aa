"""The weekly blind sample, its figures, the export and the evaluation since a day, on the real database."""

from __future__ import annotations

import asyncio
import json
import math
import stat
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from accounts import service as accounts
from core import db as database
from core.errors import AppError, StartError
from handoff import service as handoff
from handoff.reviews import drift, export, figures, jobs, repository, sampling, service
from handoff.reviews.schemas import Label
from language import corpus

NOW = datetime(2026, 11, 23, 0, 0, 1, tzinfo=UTC)  # a Monday
WEEK = sampling.last_week(NOW)
IN_WEEK = NOW - timedelta(days=3)
DANGER = Label.of("life_threat", "confinement")
URGENT = Label.of("urgent", "assault")
HARMLESS = Label.of("none", "other")


@pytest.fixture
async def passed(talk, say):
    """``await passed(30)``: so many messages that triage let pass last week, each of another citizen; the ids by falling score."""

    async def make(count, *, at=IN_WEEK, text="여권 재발급 얼마나 걸리나요"):
        return [await say(await talk(), f"{text} {n}", score=0.15 * (count - n) / count, at=at) for n in range(count)]

    return make


@pytest.fixture
async def judges(make_staff):
    return [await make_staff("editor"), await make_staff("supervisor")]


async def rows(db, statement, *args):
    async with db.read() as connection:
        return await database.rows(connection, statement, *args)


async def refused(code, doing):
    with pytest.raises(AppError) as caught:
        await doing
    assert caught.value.code == code


async def judge_all(db, call, cipher, people, danger=()):
    """Both judge everything that was drawn; ``danger`` are message ids."""
    for row in await rows(db, "SELECT id, message_id FROM review_samples WHERE state = 'open' ORDER BY id"):
        for person in people:
            await call(service.judge, cipher, row["id"], person, DANGER if row["message_id"] in danger else HARMLESS)


class TestDrawing:
    async def test_a_week_is_drawn_once_however_many_workers(self, db, passed, judges):
        await passed(60)
        drawn = await asyncio.gather(*(jobs.draw_if_due(db, NOW) for _ in range(6)))
        assert sum(count is not None for count in drawn) == 1
        assert await jobs.draw_if_due(db, NOW) is None
        assert len(await rows(db, "SELECT 1 FROM review_draws")) == 1
        # The week that runs is not drawn before it is over.
        assert [row["week"] for row in await rows(db, "SELECT week FROM review_draws")] == [WEEK]

    async def test_half_from_all_and_half_toward_danger(self, db, passed, judges, call):
        ids = await passed(200)
        count = await call(sampling.draw, WEEK, wanted=40, seed="fixed")
        found = await rows(db, "SELECT * FROM review_samples ORDER BY id")
        assert len(found) == count
        assert 30 <= count <= 40  # drawn twice is one
        by_place = {message_id: place for place, message_id in enumerate(ids)}
        banded = [by_place[row["message_id"]] for row in found if row["stratum"] != "uniform"]
        assert sum(place < 10 for place in banded) == 9  # the upper twentieth, nearly whole
        assert sum(row["stratum"] != "high_score" for row in found) == 20
        uniform, takes = sampling.plan(40)
        for row in found:
            band = next(n for n, edge in enumerate(sampling.BANDS) if by_place[row["message_id"]] < math.ceil(edge * 200))
            size = [10, 30, 60, 100][band]
            assert row["probability"] == pytest.approx(sampling.probability(uniform, 200, takes[band], size))
        slots = await rows(db, "SELECT sample_id, count(DISTINCT account_id) AS people, count(*) AS slots FROM review_slots GROUP BY sample_id")
        assert all((row["people"], row["slots"]) == (2, 2) for row in slots)

    async def test_few_are_all_taken_for_certain(self, db, passed, judges, call):
        await passed(7)
        assert await call(sampling.draw, WEEK, wanted=40) == 7
        assert {row["probability"] for row in await rows(db, "SELECT probability FROM review_samples")} == {1.0}

    async def test_who_is_not_in_it(self, db, talk, say, passed, make_case, judges, call, cipher):
        [real] = await passed(1)
        await say(await talk(synthetic=True), at=IN_WEEK)  # a drill
        escalated = await talk()
        await say(escalated, at=IN_WEEK)
        await say(escalated, action="escalate", score=0.9, at=IN_WEEK)
        by_button = await make_case("life_threat")
        await say(by_button.conversation_id, at=IN_WEEK)
        await say(await talk(), action="ask", score=0.3, at=IN_WEEK)
        await say(await talk(), at=IN_WEEK - timedelta(days=7))
        await say(await talk(), at=NOW)
        asked_for_person = await make_case("none")
        counsel = await say(asked_for_person.conversation_id, at=IN_WEEK)
        await call(sampling.draw, WEEK)
        assert {row["message_id"] for row in await rows(db, "SELECT message_id FROM review_samples")} == {real, counsel}
        [draw] = await rows(db, "SELECT population, caught FROM review_draws")
        assert (draw["population"], draw["caught"]) == (2, 2)

    async def test_an_empty_week_and_a_sample_of_nothing_are_drawn_too(self, db, passed, judges, call):
        assert await call(sampling.draw, WEEK) == 0
        await passed(3, at=IN_WEEK - timedelta(days=7))
        assert await call(sampling.draw, WEEK - timedelta(days=7), wanted=0) == 0
        async with db.read() as connection:
            assert (await figures.figures(connection)).missed is None

    async def test_slots_without_anybody_are_filled_later(self, db, passed, make_staff, call):
        await passed(6)
        await call(sampling.draw, WEEK)
        assert {row["account_id"] for row in await rows(db, "SELECT account_id FROM review_slots")} == {None}
        first = await make_staff("editor")
        assert await jobs.reassign(db, NOW) == 6
        second = await make_staff("supervisor")
        await jobs.reassign(db, NOW)
        assert await jobs.reassign(db, NOW) == 0
        third = await make_staff("supervisor")
        async with db.transaction() as tx:
            await accounts.disable(tx, second.id)
        assert await jobs.reassign(db, NOW) == 6
        async with db.read() as connection:
            assert len(await service.my_samples(connection, first, NOW)) == len(await service.my_samples(connection, third, NOW)) == 6

    async def test_what_lies_too_long_goes_to_somebody_else(self, db, passed, judges, make_staff, call):
        await passed(4)
        await call(sampling.draw, WEEK)
        free = await make_staff("editor")
        later = datetime.now(UTC) + sampling.PATIENCE + timedelta(minutes=1)
        await jobs.reassign(db, later)
        assert {row["account_id"] for row in await rows(db, "SELECT account_id FROM review_slots")} > {free.id}
        for row in await rows(db, "SELECT count(DISTINCT account_id) AS n FROM review_slots GROUP BY sample_id"):
            assert row["n"] == 2


class TestBlind:
    @pytest.fixture
    async def sample(self, db, passed, judges, call):
        await passed(1, text="사장님이 여권을 안 줘요")
        await call(sampling.draw, WEEK)
        return (await rows(db, "SELECT id FROM review_samples"))[0]["id"]

    async def test_neither_sees_the_score_or_the_other_until_both_are_in(self, db, sample, judges, call, cipher):
        one, two = judges
        assert await call(service.judge, cipher, sample, one, DANGER) == "open"
        for person, mine in ((one, DANGER), (two, None)):
            opened = await call(service.open_sample, cipher, sample, person)
            assert (opened.mine, opened.verdicts, opened.score, opened.final) == (mine, (), None, None)
            assert opened.context.text.startswith("사장님이")
        assert await call(service.judge, cipher, sample, two, DANGER) == "settled"
        opened = await call(service.open_sample, cipher, sample, two)
        assert (opened.verdicts, opened.final) == ((DANGER, DANGER), DANGER)
        assert opened.score is not None
        log = await rows(db, "SELECT action, detail FROM access_log WHERE action LIKE 'sample.%%'")
        assert len(log) == 5
        assert all("life_threat" not in str(row["detail"]) for row in log), "the access log is no way round the blindness"

    async def test_one_may_think_again_until_the_other_has_judged(self, sample, judges, call, cipher):
        one, two = judges
        await call(service.judge, cipher, sample, one, DANGER)
        await call(service.judge, cipher, sample, one, HARMLESS)
        assert await call(service.judge, cipher, sample, two, HARMLESS) == "settled"
        await refused("illegal_move", call(service.judge, cipher, sample, one, DANGER))

    async def test_both_at_once_settle_it_once(self, db, sample, judges, call, cipher):
        answers = await asyncio.gather(*(call(service.judge, cipher, sample, person, URGENT) for person in judges))
        assert sorted(answers) == ["open", "settled"]
        assert [row["state"] for row in await rows(db, "SELECT state FROM triage_reviews")] == ["accepted"]

    async def test_agreement_is_accepted_and_a_difference_in_degree_asks_an_editor(self, db, sample, judges, call, cipher):
        one, two = judges
        await call(service.judge, cipher, sample, one, DANGER)
        assert await call(service.judge, cipher, sample, two, URGENT) == "settled"
        [row] = await rows(db, "SELECT state, urgency, source FROM triage_reviews")
        assert (row["state"], row["urgency"], row["source"]) == ("proposed", "life_threat", "sample")

    async def test_a_third_person_decides_between_two(self, db, sample, judges, make_staff, call, cipher):
        one, two = judges
        third = await make_staff("supervisor")
        await refused("forbidden", call(service.open_sample, cipher, sample, third))
        await call(service.judge, cipher, sample, one, DANGER)
        await refused("illegal_move", call(service.decide, cipher, sample, third, DANGER))
        assert await call(service.judge, cipher, sample, two, HARMLESS) == "disputed"
        assert (await call(service.open_sample, cipher, sample, one)).verdicts == ()
        async with db.read() as connection:
            assert [row.id for row in await service.disputed(connection, third)] == [sample]
            assert await service.disputed(connection, one) == []
        opened = await call(service.open_sample, cipher, sample, third)
        assert (opened.verdicts, opened.score) == ((DANGER, HARMLESS), None)
        await refused("forbidden", call(service.decide, cipher, sample, one, DANGER))
        await call(service.decide, cipher, sample, third, URGENT)
        await refused("illegal_move", call(service.decide, cipher, sample, third, HARMLESS))
        [row] = await rows(db, "SELECT state, accepted_urgency, decided_by FROM triage_reviews")
        assert (row["state"], row["accepted_urgency"], row["decided_by"]) == ("accepted", "urgent", third.id)

    async def test_a_proposal_for_the_same_message_is_hidden_from_who_judges_it_blind(self, db, sample, judges, make_staff, call, cipher):
        [row] = await rows(db, "SELECT message_id FROM review_samples")
        agent = await make_staff()
        review = await call(
            repository.put,
            message_id=row["message_id"],
            case_id=None,
            account_id=agent.id,
            source="case",
            was_emergency=True,
            urgency="urgent",
            category="other",
            note=None,
        )
        async with db.read() as connection:
            assert await service.pending(connection, judges[0]) == []
            assert len(await service.pending(connection, await make_staff("editor"))) == 1
        await refused("forbidden", call(service.open_review, cipher, review["id"], judges[0]))
        await refused("forbidden", call(service.accept, cipher, review["id"], judges[0]))

    async def test_what_is_found_can_be_put_into_the_queue(self, db, sample, judges, call, cipher):
        one, _ = judges
        await refused("illegal_move", call(service.call_for_help, cipher, sample, one))
        await call(service.judge, cipher, sample, one, DANGER)
        case = await call(service.call_for_help, cipher, sample, one)
        async with db.read() as connection:
            waiting = await handoff.get(connection, case.id)
            log = await database.rows(connection, "SELECT action FROM access_log ORDER BY id")
        assert (waiting.status, waiting.severity, waiting.reason) == ("queued", "life_threat", "review")
        assert [row["action"] for row in log][-2:] == ["sample.judge", "sample.call"]  # nothing is logged before the queue is locked

    async def test_an_erased_citizen_leaves_the_sample_without_a_word(self, db, sample, judges, call, cipher):
        await call(service.judge, cipher, sample, judges[0], DANGER)
        async with db.transaction() as tx:
            await database.run(tx, "DELETE FROM conversations")
        await refused("not_found", call(service.open_sample, cipher, sample, judges[1]))
        async with db.read() as connection:
            assert await service.my_samples(connection, judges[1], NOW) == []
            [week] = (await figures.figures(connection)).weeks
        assert (week.gone, week.is_complete) == (1, True)


class TestFigures:
    async def test_the_missed_rate_of_a_complete_sample(self, db, passed, talk, say, judges, call, cipher):
        ids = await passed(100)
        for _ in range(9):
            await say(await talk(), action="escalate", score=0.9, at=IN_WEEK)
        await call(sampling.draw, WEEK, wanted=40, seed="fixed")
        async with db.read() as connection:
            early = await figures.figures(connection)
        assert (early.missed, early.counted) == (None, ())
        await judge_all(db, call, cipher, judges, danger=ids[:1])
        async with db.read() as connection:
            found = await figures.refresh_metrics(connection)
        [hit] = await rows(db, "SELECT probability FROM review_samples WHERE message_id = %s", ids[0])
        missed = 1 / hit["probability"]
        assert found.counted == (WEEK,)
        assert found.omission.rate == pytest.approx(missed / 100)
        assert found.missed.rate == pytest.approx(missed / (missed + 9))
        assert found.missed.low < found.missed.rate < found.missed.high
        assert found.written is not None
        assert found.last_missed_rate == pytest.approx(found.missed.rate)
        assert REGISTRY.get_sample_value("gildongmu_missed_danger_rate") == pytest.approx(found.missed.rate)
        assert REGISTRY.get_sample_value("gildongmu_reviews_pending") == 0
        assert json.loads(json.dumps(figures.summary(found)))["missed_rate"]["rate"] > 0

    async def test_weeks_are_taken_together_and_old_ones_left(self, db, passed, judges, call, cipher):
        for back in range(6):
            week = WEEK - back * sampling.WEEK
            await passed(5, at=IN_WEEK - back * sampling.WEEK)
            await call(sampling.draw, week)
        await judge_all(db, call, cipher, judges)
        async with db.read() as connection:
            found = await figures.figures(connection)
        assert found.counted == tuple(WEEK - back * sampling.WEEK for back in range(4))
        assert (found.population, found.omission.n) == (20, 20)


class TestSince:
    async def test_labels_weeks_and_drift(self, db, talk, say, make_staff, call):
        agent, editor = await make_staff(), await make_staff("editor")

        async def labelled(action, urgency, at):
            message_id = await say(await talk(), action=action, score=0.9 if action == "escalate" else 0.05, at=at)
            row = await call(
                repository.put,
                message_id=message_id,
                case_id=None,
                account_id=agent.id,
                source="case",
                was_emergency=urgency in ("urgent", "life_threat"),
                urgency=urgency,
                category="other",
                note=None,
            )
            await call(repository.decide, row["id"], "accepted", editor.id, urgency, "other")

        since, until = datetime(2026, 11, 9, tzinfo=UTC), NOW
        for day in range(3):
            await labelled("escalate", "life_threat", since + timedelta(days=day))
        await labelled("none", "urgent", since + timedelta(days=8))
        await labelled("escalate", "none", since + timedelta(days=8))
        await labelled("ask", "non_urgent", since + timedelta(days=8))
        await labelled("none", "urgent", since - timedelta(days=1))  # before
        for n in range(40):
            await say(await talk(), score=n / 1000, at=since - timedelta(days=2))
        for n in range(10):
            await say(await talk(), action="escalate", score=0.8 + n / 100, at=since + timedelta(days=9))
        async with db.read() as connection:
            found = json.loads(json.dumps(await drift.evaluate_since(connection, since, until)))
        assert (found["n"], found["emergencies"], found["missed"]) == (6, 4, 1)
        assert found["missed_rate"]["rate"] == 0.25
        assert found["missed_rate"]["interval"][0] < 0.25 < found["missed_rate"]["interval"][1]
        assert (found["false_escalations"], found["precision"]["rate"]) == (1, 0.75)
        assert [(week["week"], week["n"], week["missed"]) for week in found["by_week"]] == [("2026-11-09", 3, 0), ("2026-11-16", 3, 1)]
        assert (found["drift"]["before"]["n"], found["drift"]["since"]["n"]) == (41, 16)
        assert found["drift"]["since"]["escalate"] == pytest.approx(14 / 16)
        assert found["drift"]["level"] == "changed"
        assert found["written_missed_rate"]["rate"] > 0

    async def test_of_nothing_it_says_nothing(self, db):
        async with db.read() as connection:
            found = json.loads(json.dumps(await drift.evaluate_since(connection, datetime(2026, 11, 9, tzinfo=UTC))))
        assert (found["n"], found["missed_rate"]["rate"], found["drift"]["population_stability_index"]) == (0, None, None)


class TestExport:
    @pytest.fixture
    async def labelled(self, talk, say, make_staff, call):
        agent, editor = await make_staff(), await make_staff("editor")

        async def make(text, urgency="life_threat", category="confinement", *, action="none", state="accepted", synthetic=False):
            conversation_id = await talk(synthetic=synthetic)
            message_id = await say(conversation_id, text, action=action)
            row = await call(
                repository.put,
                message_id=message_id,
                case_id=None,
                account_id=agent.id,
                source="case",
                was_emergency=urgency in ("urgent", "life_threat"),
                urgency=urgency,
                category=category,
                note=None,
            )
            if state != "proposed":
                await call(repository.decide, row["id"], state, editor.id, *((urgency, category) if state == "accepted" else (None, None)))
            return conversation_id

        return make

    async def exported(self, db, cipher, target, names=lambda _: []):
        async with db.read() as connection:
            count = await export.export(connection, cipher, target, names)
        lines = [json.loads(line) for line in target.read_text().splitlines()]
        assert len(lines) == count
        return lines

    async def test_it_can_be_read_as_a_corpus(self, db, cipher, labelled, tmp_path):
        await labelled("여권을 뺏기고 문이 밖에서 잠겨 있어요")
        await labelled("영화에서 납치 장면을 봤어요", "none", "other", action="ask")
        await labelled("아직 아무도 안 봤어요", state="proposed")
        await labelled("아니라고 했어요", state="rejected")
        await labelled("훈련입니다", synthetic=True)
        lines = await self.exported(db, cipher, tmp_path / "from_use.jsonl")
        assert [(line["urgency"], line["trap"], line["tags"], line["voice"], line["split"]) for line in lines] == [
            ("life_threat", False, ["from_use"], "use", "train"),
            ("none", True, ["from_use"], "use", "train"),
        ]
        examples = corpus.read(tmp_path)
        assert [example.text for example in examples] == ["여권을 뺏기고 문이 밖에서 잠겨 있어요", "영화에서 납치 장면을 봤어요"]
        assert stat.S_IMODE((tmp_path / "from_use.jsonl").stat().st_mode) == 0o600
        assert list(tmp_path.glob(".review-*")) == []

    async def test_numbers_and_places_are_out(self, db, cipher, labelled, tmp_path):
        await labelled("제 번호 +855 12 345 678 이고 여권은 M12345678, 위치는 11.55640, 104.92820 이에요 kim@example.com 카톡 아이디 kim_1234 도와주세요")
        [line] = await self.exported(db, cipher, tmp_path / "out.jsonl")
        for word in ("855", "M12345678", "11.556", "example", "kim", "["):
            assert word not in line["text"]
        assert line["text"].endswith("도와주세요")

    async def test_names_are_out_and_countries_stay(self, db, cipher, labelled, tmp_path):
        await labelled("저는 김민수인데 캄보디아 시아누크빌에 갇혀 있어요")
        [line] = await self.exported(db, cipher, tmp_path / "out.jsonl", names=export.proper_names())
        assert "김민수" not in line["text"]
        assert "캄보디아" in line["text"]

    async def test_who_was_erased_is_not_in_it(self, db, cipher, labelled, tmp_path):
        gone = await labelled("지워 주세요")
        emptied = await labelled("비워 주세요")
        await labelled("남아 있어요")
        async with db.transaction() as tx:
            await database.run(tx, "DELETE FROM conversations WHERE id = %s", gone)
            await database.run(tx, "UPDATE messages SET body = '' WHERE conversation_id = %s", emptied)
        assert [line["text"] for line in await self.exported(db, cipher, tmp_path / "out.jsonl")] == ["남아 있어요"]

    async def test_a_folder_that_is_not_there_is_one_sentence(self, db, cipher, tmp_path):
        with pytest.raises(StartError, match="cannot be written"):
            await self.exported(db, cipher, tmp_path / "no" / "out.jsonl")
