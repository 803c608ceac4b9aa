"""What an agent does with a case: each one transaction, each answered with nothing or with the sentence to show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from accounts.schemas import Staff
from conversation import service as conversation
from conversation.limits import limits as channel_limits
from conversation.marks import Marks, say_typing
from conversation.marks import marks as read_marks
from conversation.schemas import AuthorKind, Body, ChannelLimits, Line, NotOwner
from core.crypto import Cipher
from core.db import Connection, Database
from core.errors import AppError
from core.settings import settings
from handoff import guarding, location
from handoff import service as handoff
from handoff.access import access_case, access_writable_case
from handoff.desk import words
from handoff.desk.abuse_actions import AbuseActions
from handoff.desk.aside import Aside, read_aside
from handoff.desk.file_actions import FileActions
from handoff.desk.hand_on_actions import HandOnActions
from handoff.desk.mission_actions import MissionActions
from handoff.desk.move_actions import MoveActions
from handoff.desk.phone_actions import PhoneActions
from handoff.desk.place_actions import PlaceActions
from handoff.desk.session import Session
from handoff.desk.texts import check_reply, record_stale
from handoff.files import with_files
from handoff.records import consent_rules, consent_service
from handoff.reviews import service as reviews
from handoff.reviews.schemas import Label
from handoff.schemas import AlreadyTaken, CaseCard, Claimed, Presence
from knowledge_base.service import staff_texts

ASK_PLACE = "지금 계신 곳을 보내 주시겠어요? 아래 버튼을 누르면 위치를 한 번 보낼 수 있습니다. 누르기 어려우면 주소나 보이는 것을 적어 주세요."
#: The same where somebody may be reading along.
ASK_PLACE_QUIETLY = "지금 어디쯤이세요? 보이는 것을 적어 주셔도 됩니다."
#: The same in words that a child understands.
ASK_PLACE_OF_A_CHILD = "지금 있는 곳을 알려 줄래요? 아래 단추를 누르면 도와주는 사람이 볼 수 있어요. 어려우면 주변에 보이는 것을 적어 줘도 돼요."
PAGE = 500


@dataclass(frozen=True)
class ToMark:
    """The line that would be marked, and what this person has said of it."""

    message_id: int
    text: str = field(repr=False)
    label: Label | None


@dataclass(frozen=True)
class Opened:
    """A case with its newest lines, how far they have come, what its channel leaves for a reply, and what is pending about it."""

    card: CaseCard
    lines: list[Line]
    marks: Marks
    limits: ChannelLimits
    aside: Aside


class Actions:
    """Bound to one signed-in session; who it is, and whether they may, is asked of the database every time."""

    def __init__(self, db: Database, cipher: Cipher, session: Session, public_url: str) -> None:
        self._db = db
        self._cipher = cipher
        self._session = session
        self._public_url = public_url.rstrip("/")
        self.places = PlaceActions(self._acting, cipher, session.address)
        self.moves = MoveActions(self._acting, cipher)
        self.missions = MissionActions(self._acting)
        self.abuse = AbuseActions(self._acting, cipher)
        self.hand_on = HandOnActions(self._acting, cipher)
        self.files = FileActions(self._acting, cipher, session.address, self._public_url)
        self.phone = PhoneActions(db, self._acting, cipher, session.address, self._public_url)

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Connection, Staff]]:
        async with self._db.transaction() as tx:
            yield tx, await self._session.staff(tx)

    async def open(self, case_id: int) -> Opened:
        """Everything about a case; that it was looked at is written down.

        Raises:
            AppError: ``not_found``, ``forbidden``, ``restricted`` (which is written down too) or ``not_signed_in``.
        """
        try:
            return await self._opened(case_id)
        except AppError as error:
            if error.code == "restricted":
                await self.moves.records.note_refusal(case_id)  # a transaction of its own, since the refusal has undone the other
            raise

    async def _opened(self, case_id: int) -> Opened:
        async with self._acting() as (tx, staff):
            card = await handoff.card(tx, self._cipher, case_id, staff, address=self._session.address)
            lines = list(card.transcript)
            while lines and (more := await conversation.transcript(tx, self._cipher, card.case.conversation_id, after=lines[-1].seq, limit=PAGE)):
                lines += more
            row = await conversation.get(tx, card.case.conversation_id)
            marks = await read_marks(tx, card.case.conversation_id)
            left = await channel_limits(tx, row, settings().max_text_chars)
            aside = await read_aside(tx, self._cipher, card.case, staff)
            lines = await with_files(tx, self._cipher, lines)
        return Opened(card, lines, marks, left, aside)

    async def lines(self, case_id: int, after: int) -> list[Line]:
        """What came after a line, for someone who may (still) see it; whoever reads along in somebody else's case is written down.

        Raises:
            AppError: ``forbidden``, ``not_found``, ``restricted`` or ``not_signed_in``.
        """
        async with self._db.read() as connection:
            staff = await self._session.staff(connection)
            row = await access_case(connection, case_id, staff)
            lines = await conversation.transcript(connection, self._cipher, row["conversation_id"], after=after, limit=PAGE)
            lines = await with_files(connection, self._cipher, lines)
        if lines and row["owner_id"] != staff.id:
            await self.moves.records.note_reading(case_id)
        return lines

    async def lines_again(self, case_id: int, message_ids: Sequence[int]) -> list[Line]:
        """Some lines as they stand now, for someone who may (still) see the case.

        Raises:
            AppError: ``forbidden``, ``not_found`` or ``not_signed_in``.
        """
        async with self._db.read() as connection:
            row = await access_case(connection, case_id, await self._session.staff(connection))
            own = await conversation.lines_of(connection, self._cipher, row["conversation_id"], message_ids)
            return await with_files(connection, self._cipher, own)

    async def unread(self, conversation_id: str) -> int:
        """How many of the citizen's lines nobody has seen."""
        async with self._db.read() as connection:
            row = await conversation.get(connection, conversation_id)
            if row["last_seq"] <= row["read_by_person"]:
                return 0
            lines = await conversation.transcript(connection, self._cipher, conversation_id, after=row["read_by_person"], limit=100)
        return sum(line.author_kind == AuthorKind.CITIZEN for line in lines)

    async def typing(self, case_id: int) -> None:
        """Let the citizen see that somebody is typing.

        Raises:
            AppError: ``not_owner``, ``not_found`` or ``not_signed_in``.
        """
        async with self._db.read() as connection:
            row = await access_writable_case(connection, case_id, await self._session.staff(connection))
            await say_typing(connection, row["conversation_id"], "person")

    async def marks(self, case_id: int) -> Marks:
        """How far the lines of a case have come.

        Raises:
            AppError: ``forbidden``, ``not_found`` or ``not_signed_in``.
        """
        async with self._db.read() as connection:
            row = await access_case(connection, case_id, await self._session.staff(connection))
            return await read_marks(connection, row["conversation_id"])

    async def mark_read(self, conversation_id: str, seq: int) -> None:
        """The agent has the line before their eyes."""
        async with self._db.transaction() as tx:
            await conversation.mark_read(tx, conversation_id, "person", seq)

    async def take(self, case_id: int) -> str | None:
        """Claim; the sentence tells who was first, or what else stands in the way."""
        async with self._acting() as (tx, staff):
            result = await handoff.claim(tx, case_id, staff)
        return await self._refused(result)

    async def take_next(self) -> tuple[int | None, str | None]:
        """Claim what stands first; its number, or the sentence that tells why nothing was taken."""
        async with self._acting() as (tx, staff):
            result = await handoff.claim_next(tx, staff)
        if isinstance(result, Claimed):
            return result.case.id, None
        return None, "지금 맡을 수 있는 상담이 없습니다." if result is None else await self._refused(result)

    async def _refused(self, result: handoff.ClaimResult) -> str | None:
        if isinstance(result, Claimed):
            return None
        owner = None
        if isinstance(result, AlreadyTaken) and result.owner_id is not None:
            async with self._db.read() as connection:
                owner = await self._session.name_of(connection, result.owner_id)
        return words.refusal(result, owner)

    async def reply(self, case_id: int, text: str, client_id: str, used: Sequence[staff_texts.Used] = (), *, is_confirmed: bool = False) -> None:
        """Write to the citizen; ``used`` are the texts that were put into the reply, looked at once more before it goes.

        Raises:
            AppError: ``unfilled_text``, ``stale_text``, ``telling_words``, and what ``handoff.service.reply`` raises.
        """
        async with self._acting() as (tx, staff):
            conversation_id = (await access_writable_case(tx, case_id, staff))["conversation_id"]
            try:
                over = await check_reply(tx, text, used, is_confirmed=is_confirmed, settings=settings())
            except AppError as error:
                if error.code == "stale_text":  # one more Enter confirms both, so both are said
                    await guarding.check_words(tx, conversation_id, text, is_confirmed=False, why=tuple(error.extra["why"]))
                raise
            kinds = await guarding.check_words(tx, conversation_id, text, is_confirmed=is_confirmed)
            await handoff.reply(tx, self._cipher, case_id, staff, text, client_id)
            if over:
                await record_stale(tx, self._cipher, staff, self._session.address, case_id, conversation_id, over)
            await guarding.record_words(tx, self._cipher, staff, self._session.address, case_id, conversation_id, kinds)

    async def ask_place(self, case_id: int, client_id: str, *, is_confirmed: bool = False) -> None:
        """Send the citizen a link of the location page; onto a screen that somebody else may hold, only when pressed twice.

        Raises:
            AppError: ``telling_words``, ``guardian_refused`` where nothing is at stake, or ``not_owner`` when the agent may not write.
        """
        async with self._acting() as (tx, staff):
            row = await access_writable_case(tx, case_id, staff)
            case = await handoff.get(tx, case_id)
            consents = await consent_service.check_ask(tx, self._cipher, row)
            kinds = await guarding.check_words(tx, case.conversation_id, ASK_PLACE, is_confirmed=is_confirmed)
            token = await location.request_link(tx, case.conversation_id, case_id, self._cipher)
            text = ASK_PLACE_QUIETLY if kinds else ASK_PLACE_OF_A_CHILD if consent_rules.is_child(consents) else ASK_PLACE
            body = Body(text, location_url=f"{self._public_url}/locate/{token}")
            posted = await conversation.reply(
                tx,
                self._cipher,
                case.conversation_id,
                AuthorKind.AGENT,
                body,
                client_id=f"place-{staff.id}-{client_id}",
                author_id=staff.id,
                policy="at_least_once",
            )
            if isinstance(posted, NotOwner):
                raise AppError("not_owner")
            await guarding.record_words(tx, self._cipher, staff, self._session.address, case_id, case.conversation_id, kinds)

    async def cannot_speak(self, case_id: int, on: bool) -> None:
        """Set or take away the mark of a citizen who cannot speak or hear.

        Raises:
            AppError: what ``speech.mark`` raises.
        """
        async with self._acting() as (tx, staff):
            await handoff.mark_cannot_speak(tx, case_id, staff, on)

    async def acknowledge(self, case_id: int) -> None:
        """The bell was heard: it stops on every desk, until the next rung; what has been reached so far is acknowledged by this person."""
        async with self._acting() as (tx, staff):
            await handoff.acknowledge(tx, case_id, staff)
            await handoff.acknowledge_rung(tx, case_id, None, staff)

    async def hand_back(self, case_id: int) -> None:
        """Let the bot serve again."""
        async with self._acting() as (tx, staff):
            await handoff.hand_back(tx, case_id, staff)

    async def to_queue(self, case_id: int) -> None:
        """Let the case wait again, with its old arrival time."""
        async with self._acting() as (tx, staff):
            await handoff.return_to_queue(tx, case_id, staff)

    async def close(self, case_id: int, outcome: str, contact: str) -> bool:
        """End the case; False: it is an emergency, and a second person must confirm."""
        async with self._acting() as (tx, staff):
            return (await handoff.close(tx, self._cipher, case_id, staff, outcome, verified_contact=contact)).status == "closed"

    async def confirm_close(self, case_id: int) -> None:
        """End an emergency as a colleague has asked."""
        async with self._acting() as (tx, staff):
            await handoff.confirm_close(tx, case_id, staff)

    async def to_mark(self, case_id: int, seq: int | None = None) -> ToMark | None:
        """The line (or the one that the case stands for) to judge, and what this person has said of it; None when nothing was written.

        Raises:
            AppError: ``not_found``, ``forbidden`` or ``not_signed_in``.
        """
        async with self._acting() as (tx, staff):
            row = await access_case(tx, case_id, staff)
            if seq is None:
                message_id = await reviews.trigger(tx, case_id, staff)
                lines = list((await conversation.lines(tx, self._cipher, [message_id] if message_id else [])).values())
            else:
                lines = await conversation.transcript(tx, self._cipher, row["conversation_id"], after=seq - 1, limit=1)
            if not lines or not lines[0].text:
                return None
            return ToMark(lines[0].message_id, lines[0].text, await reviews.marked(tx, lines[0].message_id, staff))

    async def mark(self, case_id: int, message_id: int, label: Label, note: str) -> None:
        """Say whether a line was an emergency."""
        async with self._acting() as (tx, staff):
            await reviews.mark(tx, self._cipher, staff, case_id, message_id, label, note=note, address=self._session.address)

    async def mark_closed(self, case_id: int, label: Label) -> None:
        """Say it of a case that has just ended; of one without words there is nothing to say."""
        if (found := await self.to_mark(case_id)) is not None:
            await self.mark(case_id, found.message_id, label, "")

    async def beat(self) -> Presence:
        """This desk is open."""
        async with self._acting() as (tx, staff):
            return await handoff.heartbeat(tx, staff)

    async def set_presence(self, state: str, reason: str = "") -> Presence:
        """Available, away (with one of ``AWAY_REASONS``) or off."""
        async with self._acting() as (tx, staff):
            return await handoff.set_presence(tx, staff, state, reason=reason)
