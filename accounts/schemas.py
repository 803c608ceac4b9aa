"""The records of staff accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may do; one person may have several."""

    AGENT = "agent"  # takes cases and answers citizens
    OFFICER = "officer"  # sits at a mission, joins cases of its district
    EDITOR = "editor"  # writes and publishes notices
    SUPERVISOR = "supervisor"  # sees every case, overrides, invites staff
    ADMIN = "admin"  # manages accounts and settings

    @property
    def label(self) -> str:
        """Korean name shown to staff."""
        return {"agent": "상담관", "officer": "영사", "editor": "안내 편집", "supervisor": "책임자", "admin": "관리자"}[self.value]


@dataclass(frozen=True)
class Staff:
    """Who is signed in."""

    id: int
    login: str
    display_name: str
    roles: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ("ko",)
    cap: int = 3
    disabled: bool = False

    def has(self, *roles: str) -> bool:
        """Whether the person has one of the roles."""
        return any(role in self.roles for role in roles)


#: The cookie that holds a session's token; read it with ``accounts.service.session``.
COOKIE = "gildongmu_staff"


@dataclass(frozen=True)
class SignedIn:
    """A new session; the token is shown once and stored only as a hash."""

    token: str
    staff: Staff


@dataclass(frozen=True)
class Refused:
    """No session: ``bad_sign_in`` or ``too_many_requests``. A result, not an exception, so that the attempt stays written."""

    code: str
