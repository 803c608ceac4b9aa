"""What the platforms' simulators share: the telephones of people who write to us, and a page on which a person can be one of them.

A simulator behaves like its platform towards the program; towards the page it speaks the small JSON of this module. For trying out and for
tests: it keeps everything in memory and asks nobody who they are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse

PAGE = Path(__file__).with_name("simulation.html")
#: What a person does: ``{"text"}``, ``{"button"}`` (a button as it was shown), ``{"location": {"lat", "lon"}}``, ``{"event"}`` (``follow``, …),
#: ``{"file": {"name", "type", "content"}}`` (in base64).
Does = Callable[[str, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Simulation:
    """How a demo makes a simulator: ``make`` from the program's address, ``environment`` (the program's settings) from the simulator's."""

    title: str
    make: Callable[[str], FastAPI]
    environment: Callable[[str], dict[str, str]]


@dataclass(frozen=True)
class Shown:
    """One message on a telephone; ``side`` is ``us`` or ``person``; buttons carry what the platform gave, to be handed back when pressed.

    ``image`` is the address of a picture that the telephone shows.
    """

    side: str
    text: str
    title: str = ""
    buttons: tuple[dict[str, Any], ...] = ()
    quick_replies: tuple[dict[str, Any], ...] = ()
    image: str = ""


_KINDS = {"image": "사진", "video": "동영상", "audio": "소리", "file": "파일"}


@dataclass(frozen=True)
class Picked:
    """A file that a person sends; ``kind`` is ``image``, ``video``, ``audio`` or ``file``."""

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def kind(self) -> str:
        """What messengers call it."""
        family = self.media_type.partition("/")[0]
        return family if family in ("image", "video", "audio") else "file"

    def __str__(self) -> str:
        """What the sender's own telephone shows of it."""
        return f"({_KINDS[self.kind]}) {self.name}".strip()


def picked(file: dict[str, Any]) -> Picked:
    """The file that the page sends."""
    return Picked(str(file.get("name", "")), str(file.get("type", "")), base64.b64decode(str(file.get("content", ""))))


@dataclass
class Telephones:
    """What each person's telephone shows, by the platform's id of the person."""

    shown: dict[str, list[Shown]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    def show(self, person: str, message: Shown) -> None:
        """Add a message, unless this person has blocked us."""
        if message.side == "person" or person not in self.blocked:
            self.shown.setdefault(person, []).append(message)

    def texts(self, person: str, side: str = "us") -> list[str]:
        """The words on one side, in order."""
        return [message.text for message in self.shown.get(person, []) if message.side == side]

    def quick_replies(self, person: str) -> list[dict[str, Any]]:
        """What can be tapped under the last message; those of earlier ones are gone from the screen."""
        messages = self.shown.get(person, [])
        return list(messages[-1].quick_replies) if messages else []


async def share_on_page(telephones: Telephones, person: str, lat: float, lon: float, transport: httpx.AsyncBaseTransport | None = None) -> int:
    """Send a place where the room itself takes none: on the page behind the newest address for it, as its owner would with two taps. The page's status."""
    shown = [text for message in telephones.shown.get(person, []) for text in (*(button.get("link", "") for button in message.buttons), message.text)]
    links = [link for text in shown for link in re.findall(r"https?://\S+/locate/[\w-]+", text)]
    if not links:
        telephones.show(person, Shown("us", "(이 대화방은 위치를 직접 보내지 않습니다. ‘위치 보내기’가 온 뒤에 보낼 수 있습니다.)"))
        return 0
    status = 0
    async with httpx.AsyncClient(timeout=10, transport=transport) as browser:
        for wish in ({"action": "consent"}, {"action": "fix", "lat": lat, "lon": lon, "accuracy_m": 15.0}):
            status = (await browser.post(links[-1], json={"device": f"telephone-of-{person}", **wish})).status_code
    telephones.show(person, Shown("person", f"(위치 화면에서 보냄) {lat}, {lon}" if status == 200 else "(위치 화면이 열리지 않음)"))
    return status


class HasState(Protocol):
    """A platform that can be switched off, to see what we do then: ``up`` or ``down``, beside whatever else it knows."""

    state: str


def add_page(app: FastAPI, platform: str, telephones: Telephones, does: Does, switched: HasState) -> None:
    """The page and its routes: what a telephone shows, what its owner does, and the platform's own switch."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE, headers={"Cache-Control": "no-store"})

    @app.get("/people/{person}/messages")
    async def messages(person: str, after: int = 0) -> JSONResponse:
        shown = telephones.shown.get(person, [])
        return JSONResponse({"platform": platform, "messages": [asdict(message) for message in shown[after:]], "last": len(shown), "state": switched.state})

    @app.post("/people/{person}/does")
    async def do(person: str, request: Request) -> JSONResponse:
        await does(person, await request.json())
        return JSONResponse({})

    @app.post("/state/{state}")
    async def switch(state: Literal["up", "down"]) -> JSONResponse:
        switched.state = state
        return JSONResponse({})
