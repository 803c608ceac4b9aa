"""What costs time in Rasa 3.6.21 without need, mended at start-up. ``docs/dialogue.md`` has the figures."""

from __future__ import annotations

from typing import Any

_patched = False


def apply() -> None:
    """Compile the schema of action results once; pool connections to the action endpoint. Safe to call twice."""
    global _patched
    if _patched:
        return
    _patched = True
    _compile_schema_once()
    _send_little()
    _keep_connections()
    _run_graphs_plainly()
    _know_the_domain()


def _compile_schema_once() -> None:
    """``RemoteAction._validate_action_result`` checks and compiles the same schema on each call: three quarters of a turn's time."""
    from jsonschema import Draft7Validator
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.exceptions import RasaException

    validator = Draft7Validator(RemoteAction.action_response_format_spec())

    def validate(self: Any, result: Any) -> bool:
        if _only_slots(result):
            return True
        error = next(validator.iter_errors(result), None)
        if error is not None:
            # Rasa's own message quotes the whole result, which would put a citizen's words into the log
            raise RasaException(f"the result of action '{self.name()}' does not fit the schema at {'/'.join(map(str, error.absolute_path))}")
        return True

    RemoteAction._validate_action_result = validate


def _only_slots(result: Any) -> bool:
    """What our actions answer: messages, and slots to remember. Any other event goes through the schema, which tries twenty shapes on each."""
    return (
        isinstance(result, dict)
        and isinstance(result.get("responses"), list)
        and isinstance(result.get("events"), list)
        and all(isinstance(response, dict) for response in result["responses"])
        and all(isinstance(event, dict) and event.get("event") == "slot" and {"name", "value"} <= event.keys() for event in result["events"])
    )


def _send_little() -> None:
    """An action gets slots, the active form and the message; of the events only those since the message, and not the vector three times over."""
    import rasa
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.core.trackers import EventVerbosity

    def call(self: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        state = tracker.current_state(EventVerbosity.NONE)
        state["slots"].pop("session_started_metadata", None)
        latest = state["latest_message"] or {}
        state["latest_message"] = {key: latest.get(key) for key in ("text", "intent", "entities", "metadata")}
        state["active_loop"].pop("trigger_message", None)
        events: list[dict[str, Any]] = []
        if self.name().startswith("validate_"):
            for event in reversed(tracker.events):  # the SDK reads back to the last action to see what is to be checked
                events.insert(0, event.as_dict() if event.type_name != "user" else {"event": "user"})
                if event.type_name == "action":
                    break
        state["events"] = events
        body = {"next_action": self.name(), "sender_id": tracker.sender_id, "tracker": state, "version": rasa.__version__}
        if not self._is_selective_domain_enabled() or domain.does_custom_action_explicitly_need_domain(self.name()):
            body["domain"] = domain.as_dict()
        return body

    RemoteAction._action_call_format = call


def _keep_connections() -> None:
    """One HTTP session instead of one a call: the action route is called up to three times a turn."""
    import aiohttp
    import ujson
    from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

    sessions: dict[int, aiohttp.ClientSession] = {}
    original = EndpointConfig.request

    async def request(
        self: Any, method: str = "post", subpath: str | None = None, content_type: str | None = "application/json", compress: bool = False, **kwargs: Any
    ) -> Any:
        if self.cafile or self.basic_auth or self.token or self.params or "json" not in kwargs:
            return await original(self, method, subpath, content_type, compress, **kwargs)
        import asyncio

        loop = id(asyncio.get_running_loop())
        session = sessions.get(loop)
        if session is None or session.closed:
            session = sessions[loop] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=30))
        body = ujson.dumps(kwargs["json"], ensure_ascii=False, reject_bytes=False).encode()
        headers = {"Content-Type": content_type or "application/json", **self.headers, **kwargs.get("headers", {})}
        timeout = aiohttp.ClientTimeout(total=kwargs.get("timeout") or 5)
        async with session.request(method, concat_url(self.url, subpath), data=body, headers=headers, timeout=timeout) as answer:
            if answer.status >= 400:
                raise ClientResponseError(answer.status, answer.reason, await answer.content.read())
            return ujson.loads(await answer.read())

    EndpointConfig.request = request


def _run_graphs_plainly() -> None:
    """A graph of a dozen nodes needs no scheduler: Rasa builds one anew for dask at each run, and formats all inputs for a log line that is off."""
    from rasa.engine.runner.dask import DaskGraphRunner

    def run(self: Any, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        schema, nodes = self._graph_schema.nodes, self._instantiated_nodes

        def result(name: str) -> Any:
            if name not in done:
                # what nobody provides goes in as its name, as with dask: the node then says what it misses
                done[name] = nodes[name](*(result(need) for need in schema[name].needs.values())) if name in nodes else name
            return done[name]

        return dict(result(target) for target in targets or self._graph_schema.target_names)

    DaskGraphRunner.run = run


def _know_the_domain() -> None:
    """Whether the domain is empty is asked at each message, and answered by writing out all of it; it never changes while we serve."""
    from rasa.shared.core.domain import Domain

    original = Domain.is_empty

    def is_empty(self: Any) -> bool:
        known = self.__dict__.get("_known_empty")
        if known is None:
            known = self.__dict__["_known_empty"] = original(self)
        return bool(known)

    Domain.is_empty = is_empty
