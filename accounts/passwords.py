"""Passwords: the rule, and argon2 outside the event loop, few at a time because each takes 64 MB."""

from __future__ import annotations

import asyncio
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARS = 12
MAX_CHARS = 200
_hasher = PasswordHasher()
_slots = asyncio.Semaphore(2)


def problem(password: str, login: str) -> str | None:
    """What is wrong with a new password, in Korean, or None."""
    if len(password) < MIN_CHARS:
        return f"비밀번호는 {MIN_CHARS}자 이상이어야 합니다."
    if len(password) > MAX_CHARS:
        return f"비밀번호는 {MAX_CHARS}자까지 쓸 수 있습니다."
    if _same(password) == _same(login) or len(set(password)) < 5:
        return "아이디와 같거나 너무 단순한 비밀번호는 쓸 수 없습니다."
    return None


def _same(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


async def hash_password(password: str) -> str:
    """What is stored of a password."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether a password fits. An account that does not exist (None) takes as long as one that does."""
    async with _slots:
        return await asyncio.to_thread(_verify, password_hash, password[: MAX_CHARS + 1])


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("an account that does not exist")
