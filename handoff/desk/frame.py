"""NiceGUI inside our application: only on the staff pages' paths, with nothing fetched from outside and nothing told to anybody."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from fastapi import FastAPI
from nicegui import core, ui
from starlette.routing import Match, Mount

from core.crypto import Cipher
from core.settings import Settings

#: NiceGUI answers under these paths and nowhere else, so that every other unknown address keeps our own error shape.
PATHS = ("/desk", "/kb", "/board", "/_nicegui")


class StaffMount(Mount):
    """A mount at the root that takes only the staff pages' paths."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """No match for citizens' paths."""
        path = str(scope.get("path", ""))
        if not any(path == prefix or path.startswith((prefix + "/", prefix + "_")) for prefix in PATHS) and not path.startswith("/_nicegui"):
            return Match.NONE, {}
        return super().matches(scope)


def storage_secret(cipher: Cipher) -> str:
    """The key of NiceGUI's own cookie, derived so that no second secret has to be kept."""
    return hmac.new(cipher.pseudonym_key, b"staff-pages-session", hashlib.sha256).hexdigest()


def install(app: FastAPI, cipher: Cipher, settings: Settings) -> None:
    """Mount NiceGUI on ``app``; again on another application replaces the first one's (tests build several in one process)."""
    # NiceGUI keeps one application a process: its middleware belongs to whoever mounted it last.
    core.app.user_middleware.clear()
    core.app.middleware_stack = None
    ui.run_with(
        app,
        title="길동무",
        dark=None,
        language="ko-KR",
        # Sets how soon a broken line is noticed (6 s); how long a page waits for its browser: `staff_page`.
        reconnect_timeout=5.0,
        # No Tailwind: it compiles style sheets in the browser at every change of the page.
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
        storage_secret=storage_secret(cipher),
        session_middleware_kwargs={"session_cookie": "staff_pages", "same_site": "strict", "https_only": settings.tls_cert is not None},
    )
    mounted = app.router.routes.pop()
    assert isinstance(mounted, Mount)  # noqa: S101  (run_with has just appended it)
    app.router.routes.append(StaffMount("/", app=core.app))
