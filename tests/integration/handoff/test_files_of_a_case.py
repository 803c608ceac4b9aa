"""Who may see a citizen's files, how they leave us, and that each look is written down."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from bot import errors
from conversation import marks
from conversation import service as conversation
from conversation.files import service
from conversation.files.kinds import JPEG, PDF
from conversation.files.pictures import Drawn
from conversation.files.repository import claim, get
from conversation.files.schemas import Form, State
from conversation.schemas import Attachment, Inbound, InboundKind
from core import audit
from core import db as database
from core.errors import AppError
from core.settings import Settings
from handoff import files
from handoff import service as handoff
from handoff.desk.file_routes import build_router

PLACE = (11.55, 104.91667)


@pytest.fixture
def file_of(db, cipher):
    """``await file_of(case)``: a picture that the citizen has sent, drawn anew; its number."""

    async def make(case, kind=JPEG, client_id="f1"):
        inbound = Inbound("webchat", client_id, case.conversation_id, InboundKind.FILE, text="(사진)", attachments=(Attachment(kind.name, client_id),))
        keep = service.kept_for(Settings())
        async with db.transaction() as tx:
            accepted = await conversation.accept(tx, cipher, inbound)
            await service.receive(tx, cipher, "webchat", case.conversation_id, accepted.message_id, b"original", kind, "", keep)
            for file in await claim(tx, cipher, State.RECEIVED, 5):
                await service.drawn_anew(tx, cipher, file, Drawn(b"picture", b"small", PLACE))
            return (await service.of_messages(tx, cipher, [accepted.message_id]))[accepted.message_id][0].id

    return make


async def looks(db):
    async with db.read() as connection:
        found = await database.rows(connection, "SELECT account, case_id, subject, detail FROM access_log WHERE action = 'file.view' ORDER BY id")
        assert (await audit.verify_chain(connection)).intact
    return found


async def refused(call, code, *args, **values):
    with pytest.raises(AppError) as error:
        await call(*args, **values)
    assert error.value.code == code


class TestWhoMaySee:
    async def test_each_look_is_written_down_once_a_minute(self, db, cipher, call, make_case, make_staff, file_of):
        case, agent = await make_case(), await make_staff()
        number = await file_of(case)
        for _ in range(3):
            assert (await call(files.look, cipher, case.id, number, Form.THUMBNAIL, agent)).content == b"small"
        assert (await call(files.look, cipher, case.id, number, Form.PICTURE, agent)).content == b"picture"
        found = await looks(db)
        assert [row["detail"] for row in found] == [{"file": number, "form": "thumbnail"}, {"file": number, "form": "picture"}]
        assert {row["account"] for row in found} == {agent.login}
        assert case.conversation_id not in repr(found)

    async def test_not_for_who_may_not_see_the_case(self, db, cipher, call, make_case, make_staff, file_of):
        case, other = await make_case(), await make_case()
        number, owner, stranger = await file_of(case), await make_staff(), await make_staff()
        await call(handoff.claim, case.id, owner)
        await refused(call, "forbidden", files.look, cipher, case.id, number, Form.PICTURE, stranger)
        await refused(call, "not_found", files.look, cipher, other.id, number, Form.PICTURE, stranger)
        await refused(call, "not_found", files.look, cipher, case.id, number + 99, Form.PICTURE, owner)
        assert await looks(db) == []

    async def test_the_original_of_a_picture_and_its_place_are_the_owners(self, db, cipher, call, make_case, make_staff, file_of):
        case, owner, boss = await make_case(), await make_staff(), await make_staff("supervisor")
        number = await file_of(case)
        await refused(call, "not_owner", files.look, cipher, case.id, number, Form.ORIGINAL, owner)
        await call(handoff.claim, case.id, owner)
        assert (await call(files.look, cipher, case.id, number, Form.ORIGINAL, owner)).content == b"original"
        assert await call(files.position, cipher, case.id, number, owner) == pytest.approx(PLACE)
        await refused(call, "not_owner", files.look, cipher, case.id, number, Form.ORIGINAL, boss)
        await refused(call, "not_owner", files.position, cipher, case.id, number, boss)
        assert [row["detail"]["form"] for row in await looks(db)] == ["original", "position"]

    async def test_a_document_is_for_whoever_may_see_the_case(self, cipher, call, make_case, make_staff, file_of):
        case = await make_case()
        found = await call(files.look, cipher, case.id, await file_of(case, PDF), Form.ORIGINAL, await make_staff())
        assert (found.content, found.media_type) == (b"original", "application/pdf")

    async def test_what_is_not_ready_is_not_shown(self, db, cipher, call, make_case, make_staff, file_of):
        case, agent = await make_case(), await make_staff()
        number = await file_of(case)
        for state in ("waiting", "received", "refused", "expired"):
            async with db.transaction() as tx:
                await database.run(tx, "UPDATE files SET state = %s", state)
            await refused(call, "not_found", files.look, cipher, case.id, number, Form.PICTURE, agent)

    async def test_lines_carry_their_files(self, db, cipher, make_case, file_of):
        case = await make_case()
        number = await file_of(case)
        async with db.read() as connection:
            lines = await files.with_files(connection, cipher, await conversation.transcript(connection, cipher, case.conversation_id))
            assert (await get(connection, cipher, number)).has_position
        assert [[file.id for file in line.files] for line in lines] == [[number]]

    async def test_lines_of_another_conversation_are_left_out(self, db, cipher, make_case, file_of):
        case, other = await make_case(), await make_case()
        await file_of(case)
        async with db.read() as connection:
            ids = [line.message_id for line in await conversation.transcript(connection, cipher, case.conversation_id)]
            assert len(await conversation.lines_of(connection, cipher, case.conversation_id, ids)) == 1
            assert await conversation.lines_of(connection, cipher, other.conversation_id, ids) == []


class TestHowItLeaves:
    @pytest.fixture
    async def client(self, db, cipher, monkeypatch, make_staff):
        agent = await make_staff()

        async def person(self, connection):
            if self._token != "agent":
                raise AppError("not_signed_in")
            return agent

        monkeypatch.setattr("handoff.desk.session.Session.person", person)
        app = FastAPI()
        errors.install(app)
        app.include_router(build_router(db, cipher, Settings(file_max_mb=1)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://desk.test") as client:
            client.agent = agent
            yield client

    async def ask(self, client, path, cookie="agent"):
        from accounts.schemas import COOKIE

        return await client.get(f"/desk/files/{path}", headers={"Cookie": f"{COOKIE}={cookie}"})

    async def test_a_picture_in_a_sandbox_and_everything_else_put_away(self, client, call, make_case, file_of):
        case = await make_case()
        await call(handoff.claim, case.id, client.agent)
        number = await file_of(case)
        document = await file_of(case, PDF, "f2")
        shown, put_away, pdf = [await self.ask(client, f"{case.id}/{end}") for end in (f"{number}/picture", f"{number}/original", f"{document}/original")]
        assert [one.status_code for one in (shown, put_away, pdf)] == [200, 200, 200]
        assert [one.headers["content-disposition"].partition(";")[0] for one in (shown, put_away, pdf)] == ["inline", "attachment", "attachment"]
        for one in (shown, put_away, pdf):
            assert one.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
            assert one.headers["x-content-type-options"] == "nosniff"
            assert one.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("path", ["1/1/picture", "x/1/picture", "1/x/picture", "1/1/secret", "9999999999999999999/1/picture", "1/-1/picture"])
    async def test_what_is_not_there(self, client, path):
        assert (await self.ask(client, path)).status_code == 404

    async def test_not_without_signing_in(self, client, make_case, file_of):
        case = await make_case()
        assert (await self.ask(client, f"{case.id}/{await file_of(case)}/picture", "")).status_code == 401


async def test_what_a_channel_must_not_carry_is_told_apart_from_what_failed(db, cipher, make_case):
    case = await make_case()
    async with db.transaction() as tx:
        for number, error in enumerate(("withheld", "blocked"), 1):
            row = await database.one(
                tx,
                "INSERT INTO messages (conversation_id, seq, author_kind, kind, body) VALUES (%s, %s, 'agent', 'text', %s) RETURNING id",
                case.conversation_id,
                100 + number,
                cipher.seal("{}", conversation.BODY),
            )
            await database.run(
                tx,
                "INSERT INTO outbox (message_id, conversation_id, channel, client_id, state, last_error) VALUES (%s, %s, 'wechat', %s, 'dead', %s)",
                row["id"],
                case.conversation_id,
                f"x{number}",
                error,
            )
        found = await marks.marks(tx, case.conversation_id)
    assert (found.failed, found.withheld) == ((101, 102), (101,))
