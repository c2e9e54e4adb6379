"""What a browser's tab says to Streamlit, without the browser: open a page, refresh its live panel.

Speaks the messages of the installed Streamlit over a WebSocket on loopback; one asyncio task per tab.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

TICKER = "ebb_live"
"""The component whose JavaScript triggers the refreshes (components/live.py)."""
EVENT = "tick"


class PageFailed(RuntimeError):
    """The page showed an exception, or said nothing."""


@dataclass
class Answer:
    """One run of the script: from the request to its end, and what came over the wire."""

    seconds: float
    bytes: int
    messages: int


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page that refreshes by itself, not more often than each `at_least` seconds."""

    fragment: str
    component: str
    name: str
    at_least: float


@dataclass
class Tab:
    """One tab on one page. `query` is the part of the URL after the question mark."""

    url: str
    page: str
    query: str
    panels: dict[str, Panel] = field(default_factory=dict)
    """The live panels that are on show, by name."""
    _hash: str = ""
    _cached: set[str] = field(default_factory=set)
    _socket: ClientConnection | None = None

    async def __aenter__(self) -> Tab:
        address = urlsplit(self.url)._replace(scheme="ws", path="/_stcore/stream").geturl()
        self._socket = await connect(
            address,
            subprotocols=["streamlit"],
            compression=None,
            max_size=None,
            proxy=None,  # type: ignore[list-item]
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def open(self) -> Answer:
        """The first run of the page."""
        answer = await self._run(self._request())
        if not self.panels:
            raise PageFailed("the page has no live panel")
        return answer

    async def tick(self, name: str) -> Answer:
        """One refresh of a live panel, as the JavaScript of the page asks for it."""
        panel = self.panels[name]
        request = self._request()
        request.rerun_script.fragment_id = panel.fragment
        widget = request.rerun_script.widget_states.widgets.add()
        widget.id = f"$$STREAMLIT_INTERNAL_KEY_{panel.component}__events"
        widget.json_trigger_value = json.dumps([{"event": EVENT, "value": 1}])
        return await self._run(request)

    def _request(self) -> BackMsg:
        request = BackMsg()
        state = request.rerun_script
        state.query_string, state.page_name, state.page_script_hash = self.query, self.page, self._hash
        state.cached_message_hashes.extend(self._cached)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-GB"
        state.context_info.url = f"{self.url}/{self.page}?{self.query}"
        state.context_info.color_scheme = "light"
        return request

    async def _run(self, request: BackMsg) -> Answer:
        assert self._socket is not None
        began = perf_counter()
        await self._socket.send(request.SerializeToString())
        size = count = 0
        started = False
        while True:
            raw = await self._socket.recv()
            assert isinstance(raw, bytes)
            message = ForwardMsg.FromString(raw)
            size, count = size + len(raw), count + 1
            kind = message.WhichOneof("type")
            if kind == "new_session":
                started, self._hash = True, message.new_session.page_script_hash
            elif kind == "delta":
                self._note(message)
            elif kind == "script_finished" and started:
                return Answer(perf_counter() - began, size, count)

    def _note(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self._cached.add(message.hash)
        delta: Any = message.delta
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        if element.WhichOneof("type") == "exception":
            raise PageFailed(element.exception.message)
        component = element.bidi_component
        if delta.fragment_id and component.component_name == TICKER:
            data = json.loads(component.json)
            if data["kind"] == "panel":
                panel = Panel(delta.fragment_id, component.id, data["panel"], data["at_least"])
                self.panels[panel.name] = panel
