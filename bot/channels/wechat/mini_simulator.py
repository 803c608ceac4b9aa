"""The demo's mini-program: its customer service as a telephone shows it. What the program asks of WeChat goes to the official account's simulator."""

from __future__ import annotations

import secrets

from fastapi import FastAPI

from bot.channels.simulation import Simulation
from bot.channels.wechat.simulator import MINI, WeChatSimulator, fresh_key

#: Of one run of a demo; nobody else knows them.
_SECRET, _TOKEN, _KEY = secrets.token_hex(16), secrets.token_hex(16), fresh_key()


def _made(program: str) -> FastAPI:
    url = f"{program}/channels/wechat/mini/callback"
    account = WeChatSimulator(url, app_id="wxmini", secret=_SECRET, token=_TOKEN, key=_KEY, kind="mini", original_id="gh_mini")
    MINI[:] = [account]
    return account.app()


SIMULATION = Simulation(
    "위챗 미니 프로그램",
    _made,
    lambda url: {
        "GILDONGMU_WECHAT_MINI_APP_ID": "wxmini",
        "GILDONGMU_WECHAT_MINI_APP_SECRET": _SECRET,
        "GILDONGMU_WECHAT_MINI_TOKEN": _TOKEN,
        "GILDONGMU_WECHAT_MINI_AES_KEY": _KEY,
        "GILDONGMU_WECHAT_MINI_ORIGINAL_ID": "gh_mini",
    },
)
