"""One message to an officer: the case's number and where to look, nothing else. Mail is read on the way."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import aiosmtplib

from core.settings import Settings

TIMEOUT_S = 10.0


def message_of(case_id: int, to: str, settings: Settings, *, again: bool) -> EmailMessage:
    """The message; it holds no name, no place, no country and no word of the case."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = f"[길동무] 상담 건 #{case_id}" + (" (다시 알림)" if again else "")
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(idstring=f"case-{case_id}", domain="gildongmu.invalid")
    where = f"{settings.public_url.rstrip('/')}/desk/mission" if settings.public_url else "공관 데스크"
    message.set_content(f"상담 건 #{case_id}\n{where} 에서 ‘확인했습니다’를 눌러 주세요. 누를 때까지 다시 알립니다.\n이 메일에는 답장하지 마세요.\n")
    return message


async def send(case_id: int, to: str, settings: Settings, *, again: bool) -> None:
    """Hand the message to the operator's server.

    Raises:
        aiosmtplib.SMTPException: the server refused it, or cannot be reached.
        OSError: the same, below the protocol.
    """
    await aiosmtplib.send(
        message_of(case_id, to, settings, again=again),
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_user or None,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        use_tls=settings.smtp_security == "tls",
        start_tls=settings.smtp_security == "starttls",
        timeout=TIMEOUT_S,
    )
