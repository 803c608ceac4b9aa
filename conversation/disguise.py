"""Citizens' pages as a plain notebook, for whoever must not be seen asking for help.

Every word that differs stands in the page itself, in ``data-plain`` beside the ordinary one, so that the server, which must send a page whose very
title is harmless, and the script, which changes the chat in one tap and without a connection, cannot disagree.
"""

from __future__ import annotations

import re

from fastapi import Request, Response

#: Kept on the device, so that a reload, or the address typed by somebody else, shows a notebook too. The name says nothing.
COOKIE, MEMO = "skin", "memo"
KEPT_S = 180 * 24 * 3600
_TEXT = re.compile(r'(<(\w+)\b[^>]*\sdata-plain="([^"]*)"[^>]*>).*?(</\2>)', re.S)
_ATTRIBUTE = re.compile(r'\s(title|aria-label|placeholder|href)="[^"]*"(\s+data-plain-\1="([^"]*)")')


def disguised(page: str) -> str:
    """The page with every word exchanged for its harmless one. Pure."""
    page = page.replace('<html lang="ko">', '<html lang="ko" class="plain">')
    page = _TEXT.sub(r"\1\3\4", page)
    return _ATTRIBUTE.sub(r' \1="\3"\2', page)


def is_wished(request: Request) -> bool:
    """Whether this device wants the notebook: ``?plain=1`` puts it on, ``?plain=0`` takes it off, otherwise it is as it was."""
    asked = request.query_params.get("plain")
    return asked == "1" or (asked != "0" and request.cookies.get(COOKIE) == MEMO)


def remember(request: Request, response: Response) -> None:
    """Keep on the device what its address asked for."""
    asked = request.query_params.get("plain")
    if asked == "1":
        response.set_cookie(COOKIE, MEMO, max_age=KEPT_S, path="/", samesite="lax")
    elif asked == "0":
        response.delete_cookie(COOKIE, path="/", samesite="lax")
