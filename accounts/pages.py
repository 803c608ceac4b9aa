"""The staff's sign-in pages as plain HTML: no script, every value escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from accounts.passwords import MIN_CHARS

STYLE = "/staff/static/staff.css"


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{escape(title)} · 길동무</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{STYLE}">
</head>
<body>
<main>
<p class="brand">길동무 <span>상담관 창구</span></p>
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""


def _problem(text: str) -> str:
    return f'<p class="problem" role="alert">{escape(text)}</p>' if text else ""


def sign_in(csrf: str, *, problem: str = "", login: str = "", next_path: str = "", welcome: bool = False) -> str:
    """The sign-in form."""
    hello = '<p class="good" role="status">계정이 만들어졌습니다. 이제 로그인하세요.</p>' if welcome else ""
    return _page(
        "로그인",
        f"""{hello}{_problem(problem)}
<form method="post" action="/staff/sign-in">
<input type="hidden" name="csrf" value="{escape(csrf)}">
<input type="hidden" name="next" value="{escape(next_path)}">
<label for="login">아이디</label>
<input id="login" name="login" value="{escape(login)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus>
<label for="password">비밀번호</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">로그인</button>
</form>
<p class="small">계정은 초대 링크로만 만들 수 있습니다. 잊은 비밀번호는 관리자에게 새 초대를 요청하세요.</p>""",
    )


def invitation(csrf: str, token: str, roles: Iterable[str], *, problem: str = "", field: str = "", login: str = "", display_name: str = "") -> str:
    """The form of an invitation."""

    def bad(name: str) -> str:
        return ' aria-invalid="true"' if name == field else ""

    return _page(
        "계정 만들기",
        f"""<p>맡을 일: <strong>{escape(", ".join(roles))}</strong></p>{_problem(problem)}
<form method="post" action="/staff/invite/{escape(token)}">
<input type="hidden" name="csrf" value="{escape(csrf)}">
<label for="display_name">이름 <span class="small">동료에게 보입니다</span></label>
<input id="display_name" name="display_name" value="{escape(display_name)}" autocomplete="name" maxlength="40"
 required autofocus{bad("display_name")}>
<label for="login">아이디 <span class="small">영문 소문자·숫자 3자 이상</span></label>
<input id="login" name="login" value="{escape(login)}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="40"
 required{bad("login")}>
<label for="password">비밀번호 <span class="small">{MIN_CHARS}자 이상, 문장처럼 길게</span></label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="{MIN_CHARS}" required{bad("password")}>
<label for="again">비밀번호 한 번 더</label>
<input id="again" name="again" type="password" autocomplete="new-password" minlength="{MIN_CHARS}" required{bad("again")}>
<button type="submit">계정 만들기</button>
</form>
<p class="small">이 링크는 한 번만 쓸 수 있습니다.</p>""",
    )


def message(title: str, text: str) -> str:
    """A page that only says something."""
    return _page(title, f'<p>{escape(text)}</p><p><a href="/staff/sign-in">로그인으로</a></p>')
