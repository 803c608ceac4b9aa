"""The headers that every response carries. Plain ASGI: Starlette's own middleware class starts a task group for each request."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CITIZEN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
#: NiceGUI needs inline script and eval; the staff pages' policy allows that and nothing more.
STAFF_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: {tiles}; "
    "connect-src 'self' ws: wss:; font-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
STAFF_PATHS = ("/desk", "/kb", "/board", "/_nicegui", "/staff")
KEPT_PATHS = ("/static/", "/_nicegui")
COMMON = {
    "x-content-type-options": "nosniff",
    "permissions-policy": "geolocation=(self), camera=(), microphone=()",
}
#: The only two pages that may ask for the microphone, for a call.
SPEAKING_PATHS = ("/", "/desk")
SPEAKING = "geolocation=(self), camera=(), microphone=(self)"
Header = tuple[bytes, bytes]


class SecurityHeaders:
    """Adds what a route has not set itself."""

    def __init__(self, app: ASGIApp, *, citizen_policy: str, staff_policy: str) -> None:
        self.app = app
        self._policies = {False: citizen_policy, True: staff_policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = self.wanted(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message = {**message, "headers": [*given, *(header for header in wanted if header[0] not in names)]}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def wanted(self, path: str) -> list[Header]:
        """The headers for a path."""
        staff = path.startswith(STAFF_PATHS)
        # Under "no-referrer" a browser sends "Origin: null" with a form, and the staff pages could not tell their own.
        headers = COMMON | {"content-security-policy": self._policies[staff], "referrer-policy": "same-origin" if staff else "no-referrer"}
        if path in SPEAKING_PATHS:
            headers["permissions-policy"] = SPEAKING
        if not path.startswith(KEPT_PATHS):
            headers["cache-control"] = "no-store"
        return [(name.encode(), value.encode()) for name, value in headers.items()]
