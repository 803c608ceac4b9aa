"""Only the chat and the desk may ask for the microphone, and nobody for the camera."""

from __future__ import annotations

import pytest

from bot.headers import CITIZEN_POLICY, STAFF_POLICY, SecurityHeaders


@pytest.mark.parametrize(
    ("path", "may_speak"),
    [
        ("/", True),
        ("/desk", True),
        ("/desk/team", False),
        ("/locate/abc", False),
        ("/webchat/v1/conversations", False),
        ("/kb", False),
        ("/static/chat.js", False),
    ],
)
def test_who_may_ask(path: str, may_speak: bool) -> None:
    headers = SecurityHeaders(lambda *_: None, citizen_policy=CITIZEN_POLICY, staff_policy=STAFF_POLICY)  # type: ignore[arg-type]
    policy = dict(headers.wanted(path))[b"permissions-policy"].decode()
    assert ("microphone=(self)" in policy, "camera=()" in policy, "geolocation=(self)" in policy) == (may_speak, True, True)
