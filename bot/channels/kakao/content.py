"""Pictures and files on Kakao's own servers: what a citizen sends in the chatbot's room or in a consult talk comes as an address there.

Kakao writes many of these addresses with ``http``; its servers answer by https under the same name, and nothing else is asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from conversation.schemas import Attachment
from core.fetching import Allowed, Fetched, Fetcher, target_of

MAX_FILES = 10
MAX_URL_CHARS = 1000
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|heic)$", re.IGNORECASE)


def attachments(content: Mapping[str, Any], utterance: str) -> tuple[Attachment, ...]:
    """The files of a skill request: in ``params.media``, in a picture plugin's ``secureimage``, or as an utterance that is an address. Pure."""
    request, action = _part(content, "userRequest"), _part(content, "action")
    media = _part(_part(request, "params"), "media")
    found = [(str(media.get("type") or "image"), media.get("url"))]
    plugin = _part(action, "params").get("secureimage")
    if isinstance(plugin, str):
        found += [("image", url) for url in re.findall(r"https?://[^\s\"',)]+", plugin)]
    if _is_picture_of_kakao(utterance.strip()):
        found.append(("image", utterance.strip()))
    unique = {url: kind for kind, url in reversed(found) if isinstance(url, str) and url and len(url) <= MAX_URL_CHARS}
    return tuple(Attachment(kind, url) for url, kind in list(reversed(unique.items()))[:MAX_FILES])


def _is_picture_of_kakao(words: str) -> bool:
    """Whether what was "said" is the address under which Kakao keeps a picture that was sent."""
    if not words.startswith(("http://", "https://")) or len(words.split()) != 1 or len(words) > MAX_URL_CHARS:
        return False
    try:
        parts = urlsplit(words)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    return host.endswith((".talk.kakao.com", ".kakaocdn.net")) and _PICTURE.search(parts.path) is not None


async def fetch(fetcher: Fetcher, hosts: str, url: str) -> Fetched:
    """What is kept under an address.

    Raises:
        FetchRefused: not one of Kakao's servers, or not there any more.
        FetchFailed: try again later.
    """
    allowed = Allowed.of(hosts)
    secure = "https://" + url.removeprefix("http://") if url.startswith("http://") and not _is_own(url, allowed) else url
    return await fetcher.fetch(secure, allowed)


def _is_own(url: str, allowed: Allowed) -> bool:
    """Whether the operator has written this origin down with its ``http``, as for a simulator."""
    return any(url == origin or url.startswith(f"{origin}/") for origin in allowed.origins) and target_of(url, allowed).is_own


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = content.get(name)
    return part if isinstance(part, Mapping) else {}
