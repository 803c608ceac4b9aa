"""Files of a case: sent to its citizen, and shown to those who may see it. Each look is written down; where a picture was taken is told to the owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from accounts.schemas import Role, Staff
from conversation import guarding
from conversation import service as conversation
from conversation.files import links
from conversation.files import service as files
from conversation.files.kinds import Kind
from conversation.files.pictures import Drawn
from conversation.files.schemas import Content, File, Form
from conversation.limits import limits as channel_limits
from conversation.schemas import AuthorKind, Body, Line, NotOwner, SentFile
from core import audit, events
from core.clock import now as clock_now
from core.crypto import Cipher
from core.db import Connection
from core.errors import AppError
from core.settings import settings
from handoff import repository
from handoff.access import Row, access_case, access_own_case, access_writable_case
from handoff.phone.caller import CHANNEL as PHONE
from handoff.streams import case_stream

#: What the line says where no picture can be shown beside it.
SENT = {"image": "상담관이 사진을 보냈습니다.", "document": "상담관이 파일을 보냈습니다."}
#: So long an address in words opens its file; it stands in a room whose owner may lend the telephone.
OPENS_FOR = timedelta(hours=72)
OPENS = "아래 주소를 눌러 여세요. {hours:.0f}시간 동안 열립니다."
#: Kinds of lines that may have a file.
_WITH_FILES = frozenset({"file", "text"})


async def with_files(connection: Connection, cipher: Cipher, lines: Sequence[Line]) -> list[Line]:
    """The lines, each with its files."""
    asked = [line.message_id for line in lines if line.kind in _WITH_FILES and (line.kind == "file" or line.body.get("attachments"))]
    found = await files.of_messages(connection, cipher, asked) if asked else {}
    return [replace(line, files=tuple(found[line.message_id])) if line.message_id in found else line for line in lines]


async def look(tx: Connection, cipher: Cipher, case_id: int, file_id: int, form: Form, staff: Staff, *, address: str = "") -> Content:
    """What a file holds; that it was looked at is written down.

    A picture's original holds all that the camera wrote into it, so it is for the owner of the case.

    Raises:
        AppError: ``not_found``, ``forbidden``, ``restricted`` or ``not_owner``.
    """
    row = await access_case(tx, case_id, staff)
    found = await files.look(tx, cipher, file_id, form)
    if found.file.conversation_id != row["conversation_id"]:
        raise AppError("not_found")
    if form is Form.ORIGINAL and found.file.kind == "image":
        await access_own_case(tx, case_id, staff, lock=False)
    await _record(tx, cipher, found.file, case_id, staff, form.value, address)
    return found


async def position(tx: Connection, cipher: Cipher, case_id: int, file_id: int, staff: Staff, *, address: str = "") -> tuple[float, float]:
    """Where the camera says that a picture was taken, for the owner of the case; written down like a look at a place.

    Raises:
        AppError: ``not_found``, ``not_owner`` or ``restricted``.
    """
    row = await access_own_case(tx, case_id, staff, lock=False)
    file = await files.get(tx, cipher, file_id)
    if file.conversation_id != row["conversation_id"]:
        raise AppError("not_found")
    found = await files.position(tx, cipher, file)
    await _record(tx, cipher, file, case_id, staff, "position", address)
    return found


async def may_send(tx: Connection, case_id: int, staff: Staff) -> Row:
    """The case, if files may go to its citizen at all.

    Raises:
        AppError: ``not_found``, ``not_owner``, ``guarded_no_file`` or ``phone_has_no_text``.
    """
    row = await access_writable_case(tx, case_id, staff, lock=True)
    if await guarding.is_guarded(tx, row["conversation_id"]):
        raise AppError("guarded_no_file")
    return row


async def send(
    tx: Connection,
    cipher: Cipher,
    case_id: int,
    staff: Staff,
    content: bytes,
    kind: Kind,
    drawn: Drawn | None,
    name: str,
    client_id: str,
    public_url: str,
    *,
    address: str = "",
) -> int:
    """Send a picture or document to the citizen: shown, where the channel can, else as an address that opens it; the number of its line.

    The same ``client_id`` again sends nothing.

    Raises:
        AppError: ``channel_no_file``, ``files_full``, and those of :func:`may_send`.
    """
    row = await may_send(tx, case_id, staff)
    talk = await conversation.get(tx, row["conversation_id"])
    if talk["channel"] == PHONE:
        raise AppError("phone_has_no_text")
    left = await channel_limits(tx, talk, settings().max_text_chars)
    is_ours = talk["channel"] == "webchat"
    # A messenger fetches the picture itself, and by https alone.
    is_shown = (left.images if drawn else left.files) and (is_ours or public_url.startswith("https://"))
    if not is_shown and not (left.file_links and _may_be_written(public_url)):
        raise AppError("channel_no_file")
    if not await files.has_room(tx, talk["id"], len(drawn.picture) if drawn else len(content), settings()):
        raise AppError("files_full")
    file_id, keep = await files.reserve(tx), files.kept_for(settings())
    base, form, at = public_url.rstrip("/"), Form.PICTURE if drawn else Form.ORIGINAL, clock_now()
    text, preview = SENT["image" if drawn else "document"], ""
    if is_shown:
        url = base + links.path_of(cipher, file_id, form, at + keep)
        preview = base + links.path_of(cipher, file_id, Form.THUMBNAIL, at + keep) if drawn else ""
    else:
        opens = min(OPENS_FOR, keep)
        url = base + links.opening_of(cipher, file_id, form, at + opens)
        text = f"{text} {OPENS.format(hours=opens.total_seconds() / 3600)}"
    body = Body(text, kind="file", file=SentFile(file_id, kind.name, name, url, preview))
    author = AuthorKind.AGENT if staff.has(Role.AGENT, Role.SUPERVISOR) else AuthorKind.OFFICER
    posted = await conversation.reply(
        tx, cipher, talk["id"], author, body, client_id=f"file-{staff.id}-{client_id}", author_id=staff.id, policy="at_least_once"
    )
    if isinstance(posted, NotOwner):
        raise AppError("not_owner", f"staff {staff.id} may not write in the conversation of case {case_id}")
    if await files.send(tx, cipher, talk["channel"], talk["id"], posted.message_id, content, kind, name, keep, drawn, file_id=file_id) is not None:
        first = await repository.mark_first_reply(tx, case_id)
        await events.append(tx, case_stream(case_id), "reply", {"case_id": case_id, "seq": posted.seq, "staff_id": staff.id, "first": first})
        await audit.record(tx, staff.login, address, "file.send", case_id, cipher.pseudonym(talk["id"]), {"file": file_id})
    return posted.seq


def _may_be_written(public_url: str) -> bool:
    """Whether an address of ours may stand in words: nothing of a file goes over the open network, but a demo on one machine has no https."""
    parts = urlsplit(public_url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


async def _record(tx: Connection, cipher: Cipher, file: File, case_id: int, staff: Staff, form: str, address: str) -> None:
    if await files.seen(tx, file, case_id, staff.id, form):
        detail = {"file": file.id, "form": form}
        await audit.record(tx, staff.login, address, "file.view", case_id, cipher.pseudonym(file.conversation_id), detail)
