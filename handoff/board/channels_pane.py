"""The board's pane of channels, and the bar that stands above everything while one of them does not deliver."""

from __future__ import annotations

from nicegui import Client
from nicegui.element import Element

from core.staff_elements import attributes, block, say
from handoff.board.channels import Channel, alarm_words, quota_words, state_words
from handoff.board.service import Live
from handoff.board.wording import ago
from handoff.desk.words import CHANNELS

HEADS = ("채널", "상태", "마지막으로 온 글", "마지막으로 보낸 글", "보낼 글", "가장 오래된 것", "보내지 못함 (24시간)", "발송 한도")


class ChannelsPane:
    """``alarm`` makes the bar where the page wants it, ``build`` the table; ``show`` draws both when something has changed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._drawn: tuple[Channel, ...] | None = None

    def alarm(self) -> None:
        """Make the bar: a live region from the beginning, so that a screen reader hears what appears in it."""
        self._bar: Element = block("div", "channel-alarm", role="alert", data_alarm="off")

    def build(self) -> None:
        """Make the table's place."""
        say("h2", "채널")
        self._table = block("div")

    def show(self, live: Live) -> None:
        """Draw how the channels stand. Times grow with each look; the bar is touched only when what it says has changed."""
        stuck = [one for one in live.channels if one.is_stuck]
        if self._drawn is None or [one for one in self._drawn if one.is_stuck] != stuck:
            attributes(self._bar, data_alarm="on" if stuck else "off").update()
            self._bar.clear()
            with self._bar:
                for one in stuck:
                    say("p", f"▲ {alarm_words(one, _name(one), live.at)}", data_stuck=one.name)
        self._drawn = live.channels
        self._table.clear()
        with self._table:
            if not live.channels:
                say("p", "아직 글이 온 채널이 없습니다.", "empty")
                return
            with block("div", "scroll"), block("table"):
                with block("thead"), block("tr"):
                    for head in HEADS:
                        say("th", head, scope="col")
                with block("tbody"):
                    for one in live.channels:
                        _row(one, live)


def _row(one: Channel, live: Live) -> None:
    with block("tr", data_channel=one.name, data_stuck="yes" if one.is_stuck else "no"):
        say("th", _name(one), scope="row")
        say("td", state_words(one), "bad" if one.is_stuck else "value")
        say("td", ago(one.last_inbound_at, live.at))
        say("td", ago(one.state.last_sent_at, live.at) if one.state is not None else "–")
        danger = f" (위험 {one.state.waiting_danger:,})" if one.state is not None and one.state.waiting_danger else ""
        say("td", f"{one.pending:,}{danger}", "value")
        say("td", ago(one.oldest_pending_at, live.at) if one.pending else "–")
        say("td", f"▲ {one.dead:,}" if one.dead else "0", "bad" if one.dead else "value")
        say("td", quota_words(one), "bad" if one.state is not None and one.state.is_quota_spent else "value")


def _name(one: Channel) -> str:
    return CHANNELS.get(one.name, one.name)
