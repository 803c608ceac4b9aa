"""Words that tell whoever reads along what a person has told us: found in what staff are about to send, and kept off a screen that may be watched. Pure."""

from __future__ import annotations

import re

#: Kinds of such words, each with what a person is told of it and the pattern that finds it. Korean particles stand against a word ("112로", "GPS를"), and
#: are letters for ``\b``: where a word ends is asked of its own script.
KINDS = {
    "police": ("경찰", r"경찰|순경|형사|공안|(?<!\d)112(?!\d)|police|(?<![a-z])cops?(?![a-z])|警察|公安|cảnh sát|polic(?:[ií]a|i[eè]r)|полици"),
    "rescue": (
        "구조·탈출",
        r"구조|구출|구급|구해\s?(?:드|줄|내)|출동|탈출|도망|빠져나|(?<!\d)119(?!\d)|rescue|escape|run away|"
        r"救助|脱出|逃|救援|cứu|trốn|secours|sauv|évad|fuir|rescat|escap|спас|побег|сбежа",
    ),
    "report": ("신고·수사", r"신고|고발|고소|제보|수사|report(?:ed|ing)?(?![a-z])|通報|报警|tố cáo|plainte|denunci|заявлен"),
    "category": (
        "무슨 일인지",
        r"납치|감금|갇[혀히힌]|인질|가해|범인|범죄|학대|폭행|폭력|성폭|성추행|스토킹|체포|구금|유치장|마약|인신매매|착취|위험|위협|협박|"
        r"kidnap|hostage|abus|crime|violen|traffick|threat|danger|绑架|bắt cóc|enlèv|secuestr|похи[щт]",
    ),
    "place": (
        "주소·위치",
        r"주소|위치|좌표|(?:계신|있는|계시는)\s?곳|어디(?:에|세|신|예|쯤|서|인)|어느\s?(?:나라|도시|건물|호텔|동네|지역)|몇\s?층|(?<![a-z])GPS(?![a-z])|"
        r"address|location|where are you|住所|地址|địa chỉ|adresse|dirección|адрес",
    ),
}
_PATTERNS = {kind: re.compile(pattern, re.I) for kind, (_, pattern) in KINDS.items()}


def tells(text: str) -> tuple[str, ...]:
    """The kinds of telling words in a text; none for one that anybody may read."""
    return tuple(kind for kind, pattern in _PATTERNS.items() if pattern.search(text))


def named(kinds: tuple[str, ...]) -> str:
    """Those kinds in the words that staff read."""
    return ", ".join(KINDS[kind][0] for kind in kinds)
