"""A server that plays the ministry's API on this machine, with all its habits: ``python -m knowledge_base.opendata.simulator --port 8790``.

Both envelopes, a single object where a list belongs, ``items: ""``, numbers as text, errors in XML although JSON was asked for, a quota that
runs out half-way, slow and cut answers, lists that change between two pages. Everything it knows is invented. A running one is changed by
``POST /_control`` with ``{"rows": {service: [...]}, "faults": [...], "envelope": "...", "quota": n}``.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from knowledge_base.opendata.catalogue import SERVICES

Item = dict[str, Any]
KEY = "simulated+key/=="
ENVELOPES = ("current", "former", "xml")
_PATHS = {service.path: name for name, service in SERVICES.items()}


@dataclass
class Fault:
    """Something that goes wrong ``times`` times, for one service or all, on one page or any.

    kinds: gateway (XML with ``value`` as the code), code (``value`` as the result code), status (``value`` as the HTTP status), slow (``value``
    seconds), cut (the connection ends within the answer), html (a proxy's page), empty_page, other_total, moved (the first row of the page is the
    last one of the page before), no_total.
    """

    kind: str
    value: Any = None
    service: str | None = None
    page: int | None = None
    times: int = 1


@dataclass
class Scene:
    """What the simulated ministry knows and how it behaves; changed under ``lock``."""

    rows: dict[str, list[Item]] = field(default_factory=dict)
    envelope: str = "current"
    key: str = KEY
    faults: list[Fault] = field(default_factory=list)
    quota: int | None = None
    most_rows: int = 1000
    requests: list[tuple[str, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fault(self, service: str, page: int) -> Fault | None:
        """The next thing to go wrong with this request."""
        for fault in self.faults:
            if fault.times > 0 and fault.service in (None, service) and fault.page in (None, page):
                fault.times -= 1
                return fault
        return None


def gateway_error(code: Any) -> bytes:
    """What the portal's gateway says, in XML whatever was asked for."""
    names = {"22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR", "31": "DEADLINE_HAS_EXPIRED_ERROR"}
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>'
        f"<returnAuthMsg>{names.get(str(code), 'UNKNOWN_ERROR')}</returnAuthMsg><returnReasonCode>{code}</returnReasonCode>"
        "</cmmMsgHeader></OpenAPI_ServiceResponse>"
    ).encode()


def answer(envelope: str, items: Sequence[Item], page: int, size: int, total: int | None, code: Any = 0) -> bytes:
    """A page in one of the envelopes."""
    message = "정상" if str(code).strip("0") == "" else "오류"
    if envelope == "former":
        content: Item = {"resultCode": int(code), "resultMsg": message, "numOfRows": size, "pageNo": page, "currentCount": len(items), "data": list(items)}
        return json.dumps(content | ({} if total is None else {"totalCount": total}), ensure_ascii=False).encode()
    if envelope == "xml":
        rows = "".join(f"<item>{''.join(f'<{k}>{_in_xml(v)}</{k}>' for k, v in item.items())}</item>" for item in items)
        counted = "" if total is None else f"<totalCount>{total}</totalCount>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><response><header><resultCode>{code}</resultCode><resultMsg>{message}</resultMsg></header>'
            f"<body><items>{rows}</items><numOfRows>{size}</numOfRows><pageNo>{page}</pageNo>{counted}</body></response>"
        ).encode()
    found: Any = "" if not items else {"item": items[0] if len(items) == 1 else list(items)}
    body: Item = {"dataType": "JSON", "items": found, "numOfRows": size, "pageNo": page}
    if total is not None:
        body["totalCount"] = total
    return json.dumps({"response": {"header": {"resultCode": str(code), "resultMsg": message}, "body": body}}, ensure_ascii=False).encode()


def _in_xml(value: Any) -> str:
    return "" if value is None else escape(str(value))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the key."""

    def do_GET(self) -> None:
        """A page of a service."""
        parts = urlsplit(self.path)
        name = next((known for path, known in _PATHS.items() if parts.path.endswith("/" + path)), None)
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        scene = self.server.scene
        with scene.lock:
            if name is None:
                return self._send(b"API not found", 404, "text/plain")
            if query.get("serviceKey") != scene.key:
                return self._send(gateway_error(30), 200, "application/xml")
            page, size = max(1, int(query.get("pageNo", "1"))), max(1, int(query.get("numOfRows", "10")))
            scene.requests.append((name, page))
            if scene.quota is not None:
                if scene.quota <= 0:
                    return self._send(gateway_error(22), 200, "application/xml")
                scene.quota -= 1
            fault = scene.fault(name, page)
            rows = list(scene.rows.get(name, ()))
            envelope = scene.envelope
            size = min(size, scene.most_rows)
        first = (page - 1) * size
        items, total = rows[first : first + size], len(rows)
        kind = fault.kind if fault else ""
        value: Any = fault.value if fault else None
        if kind == "slow":
            time.sleep(float(value))
        elif kind == "gateway":
            return self._send(gateway_error(value), 200, "application/xml")
        elif kind == "status":
            return self._send(b"Unexpected errors", int(value), "text/plain")
        elif kind == "html":
            return self._send(b"<!DOCTYPE html><html><body>Bad gateway</body></html>", 200, "text/html")
        elif kind == "code":
            return self._send(answer(envelope, [], page, size, 0, value), 200, "application/json")
        elif kind == "empty_page":
            items = []
        elif kind == "moved" and first:
            items = rows[first - 1 : first - 1 + size]
        raw = answer(envelope, items, page, size, None if kind == "no_total" else total + 1 if kind == "other_total" else total)
        return self._send(raw, 200, "application/json" if envelope != "xml" else "application/xml", cut=kind == "cut")

    def do_POST(self) -> None:
        """Change the scene."""
        if urlsplit(self.path).path != "/_control":
            return self._send(b"", 404, "text/plain")
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        scene = self.server.scene
        with scene.lock:
            scene.rows |= content.get("rows", {})
            scene.envelope = content.get("envelope", scene.envelope)
            scene.quota = content.get("quota", scene.quota)
            if "faults" in content:
                scene.faults = [Fault(**fault) for fault in content["faults"]]
        return self._send(b"{}", 200, "application/json")

    def _send(self, raw: bytes, status: int, kind: str, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        try:
            self.wfile.write(raw[: len(raw) // 2] if cut else raw)
            self.wfile.flush()
        except OSError:
            return  # who asked has gone away
        if cut:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, scene: Scene) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.scene = scene

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that hangs up is part of the play."""


class Simulator:
    """The server in a thread; use as a context manager."""

    def __init__(self, scene: Scene | None = None, port: int = 0) -> None:
        self.scene = scene or Scene(rows=invented())
        self._server = _Server(port, self.scene)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The address to set as ``GILDONGMU_OPENDATA_URL``."""
        return f"http://127.0.0.1:{self._server.server_port}/1262000"

    def __enter__(self) -> Simulator:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _country(code: str, korean: str, english: str) -> Item:
    return {
        "country_nm": korean,
        "country_eng_nm": english,
        "country_iso_alp2": code,
        "continent_cd": "1000",
        "continent_nm": "아시아",
        "continent_eng_nm": "Asia",
    }


COUNTRIES: Mapping[str, Item] = {
    "KH": _country("KH", "캄보디아", "Cambodia"),
    "TH": _country("TH", "태국", "Thailand"),
    "VN": _country("VN", "베트남", "Viet Nam"),
    "PH": _country("PH", "필리핀", "Philippines"),
    "JP": _country("JP", "일본", "Japan"),
}


def alarm(country: str, level: str | int | None, region: str = "", scope: str = "일부", written: str | None = "2026-06-01") -> Item:
    """A row of the travel alarms."""
    return {**COUNTRIES[country], "alarm_lvl": level, "region_ty": scope, "remark": region, "written_dt": written, "org_country_idx": "1"}


def invented() -> dict[str, list[Item]]:
    """Something for every service; no word of it is true."""
    return {
        "travel-alarms": [
            alarm("KH", "4", "(가상) 예시 지역 A", written=None),
            alarm("KH", "2", "(가상) 그 외 지역", written="2025-10-16"),
            alarm("TH", 1, "", "전체"),
            alarm("PH", None, "(가상) 예시 섬"),
            alarm("VN", "1", "", "전체"),
        ],
        "special-advisories": [{**COUNTRIES["PH"], "remark": "(가상) 예시 섬", "written_dt": "2026-06-01"}],
        "travel-bans": [{**COUNTRIES["KH"], "remark": "(가상) 예시 지역 A", "written_dt": "2025-10-16"}],
        "entry-rules": [
            {
                **COUNTRIES["KH"], "have_yn": "Y", "gnrl_pspt_visa_yn": "N", "gnrl_pspt_visa_cn": "(가상) 사증 필요", "ofclpspt_visa_yn": "Y",
                "ofclpspt_visa_cn": "60일", "dplmt_pspt_visa_yn": "Y", "dplmt_pspt_visa_cn": "60일", "nvisa_entry_evdc_cn": "협정(가상)", "remark": "",
            },
            {**COUNTRIES["JP"], "have_yn": "Y", "gnrl_pspt_visa_yn": "Y", "gnrl_pspt_visa_cn": "(가상) 90일", "remark": "&lt;b&gt;가상&lt;/b&gt; 비고"},
        ],
        "missions": [
            {
                **COUNTRIES["KH"], "embassy_cd": "KH-SYN", "embassy_kor_nm": "주캄보디아대사관", "embassy_lat": 11.55, "embassy_lng": 104.92,
                "embassy_manage_ty_cd": "1", "embassy_manage_ty_cd_nm": "일반", "embassy_ty_cd": "10", "embassy_ty_cd_nm": "대사관",
                "emblgbd_addr": "가상 주소", "tel_no": "+00-0-000-0000", "urgency_tel_no": "+00-0-000-0001", "free_tel_no": None, "center_tel_no": None,
            },
        ],
        "local-contacts": [{**COUNTRIES["KH"], "contact_remark": "<p>긴급(가상): 경찰 000, 구급 000</p>", "wrt_dt": "2024-01-01"}],
        "notices": [
            {"id": f"ATC{number:013d}", "title": f"가상 &#39;공지&#39; {number}", "txt_origin_cn":
             f"&lt;p&gt;가상 본문 {number}&amp;middot;예시입니다.&lt;/p&gt;",
             "written_dt": "2026-01-02", "file_download_url": None}
            for number in range(1, 6)
        ] + [{"id": "ATC0000000099999", "title": "본문 없는 가상 공지", "txt_origin_cn": None, "written_dt": "2026-01-02", "file_download_url": None}],
        "safety-notices": [
            {**COUNTRIES["KH"], "sfty_notice_id": "SYN0000000001", "title": "(가상) 우기 침수 관련 안전유의", "ctgy_nm": "재난", "sfty_notice_lv": None,
             "wrt_dt": "2026-09-08", "txt_origin_cn": "&lt;p&gt;○ 가상 본문&nbsp;입니다.&lt;/p&gt;", "file_download_url": None, "file_path": None},
        ],
    }  # fmt: skip


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--envelope", choices=ENVELOPES, default="current")
    parser.add_argument("--quota", type=int, default=None, help="requests until the day's quota is used up")
    given = parser.parse_args()
    with Simulator(Scene(rows=invented(), envelope=given.envelope, key=given.key, quota=given.quota), given.port) as simulator:
        print(f"GILDONGMU_OPENDATA_URL={simulator.url} GILDONGMU_OPENDATA_KEY='{given.key}'", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
