"""Pictures, sounds and films that WeChat keeps for three days, fetched by their number with the account's token."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from bot.channels.wechat.tokens import TokenCache
from core.crypto import Cipher
from core.db import Database
from core.fetching import Allowed, Fetched, Fetcher, FetchFailed, FetchRefused

_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,256}")
BAD_TOKEN = frozenset({40001, 40014, 42001})
BUSY = frozenset({-1, 45009, 45011})


async def fetch(fetcher: Fetcher, api_url: str, tokens: TokenCache, db: Database, cipher: Cipher, number: str) -> Fetched:
    """The content by its number. With 200 and a little JSON WeChat tells of failures, and of films an address elsewhere, which is not asked.

    Raises:
        FetchRefused: no such number, or its three days are over (``gone``); a film (``elsewhere``).
        FetchFailed: try again later.
    """
    if not _NUMBER.fullmatch(number):
        raise FetchRefused("bad_address")
    token = await tokens.get(db, cipher)
    if token is None:
        raise FetchFailed("unauthorised")
    base = api_url.rstrip("/")
    # The token goes in the address, since WeChat takes it nowhere else.
    found = await fetcher.fetch(f"{base}/cgi-bin/media/get?{urlencode({'access_token': token, 'media_id': number})}", Allowed.to(base))
    said = said_instead(found)
    if "video_url" in said:
        raise FetchRefused("elsewhere")
    code = said.get("errcode")
    if not isinstance(code, int) or code == 0:
        return found
    if code in BAD_TOKEN:
        await tokens.refused(db, token)
        raise FetchFailed("unauthorised")
    if code in BUSY:
        raise FetchFailed("rate")
    raise FetchRefused("gone")


def said_instead(found: Fetched) -> dict[str, Any]:
    """What WeChat says instead of the file; empty where it is the file itself. Pure."""
    if len(found.content) > 2000 or not found.content.lstrip().startswith(b"{"):
        return {}
    try:
        said: Any = json.loads(found.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
