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
    """The content by its number. WeChat tells of failures with 200 and a little JSON.

    Raises:
        FetchRefused: no such number, or its three days are over.
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
    code = error_of(found)
    if code is None:
        return found
    if code in BAD_TOKEN:
        await tokens.refused(db, token)
        raise FetchFailed("unauthorised")
    if code in BUSY:
        raise FetchFailed("rate")
    raise FetchRefused("gone")


def error_of(found: Fetched) -> int | None:
    """The code of a failure; None where it is the file itself. Pure."""
    if len(found.content) > 2000 or not found.content.lstrip().startswith(b"{"):
        return None
    try:
        said: Any = json.loads(found.content)
    except ValueError:
        return None
    code = said.get("errcode") if isinstance(said, dict) else None
    return code if isinstance(code, int) and code != 0 else None
