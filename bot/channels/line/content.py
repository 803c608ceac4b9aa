"""Pictures, sounds, films and files that LINE keeps for a while."""

from __future__ import annotations

import re

from core.fetching import Allowed, Fetched, Fetcher, FetchRefused

DATA_URL = "https://api-data.line.me"
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def fetch(fetcher: Fetcher, data_url: str, token: str, number: str) -> Fetched:
    """The content of a message by its number. While LINE is still preparing a film, the answer is 202: later.

    Raises:
        FetchRefused: no such number, or LINE has deleted it.
        FetchFailed: try again later.
    """
    if not _NUMBER.fullmatch(number):
        raise FetchRefused("bad_address")
    base = data_url.rstrip("/")
    return await fetcher.fetch(f"{base}/v2/bot/message/{number}/content", Allowed.to(base), {"Authorization": f"Bearer {token}"})
