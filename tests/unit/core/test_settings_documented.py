"""Every setting is documented, word for word; ``python tests/unit/core/test_settings_documented.py`` writes the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from core.settings import ROOT, Settings

PAGE = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Every setting is an environment variable; options on the command line (`--host`, `--port`, `--data-dir`, `--tls-cert`, `--tls-key`)
come before it. This page is checked against `core/settings.py` by a test, which also writes it:
`.venv/bin/python tests/unit/core/test_settings_documented.py`.

| Variable | Default | Meaning |
| --- | --- | --- |
"""


def page() -> str:
    return HEAD + "".join(_row(name) for name in Settings.model_fields)


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    default = field.default
    if isinstance(default, Path):
        default = f"./{default.relative_to(ROOT)}"
    shown = "unset" if default is None else "empty" if default == "" else f"`{default}`"
    variable = f"`GILDONGMU_{name.upper()}`" + (" or `DATABASE_URL`" if name == "database_url" else "")
    return f"| {variable} | {shown} | {field.description} |\n"


def test_the_page_says_what_the_settings_are() -> None:
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_field_has_a_description(name: str) -> None:
    assert len(Settings.model_fields[name].description or "") > 10


def test_the_databases_password_is_not_shown() -> None:
    configured = Settings(database_url=SecretStr("postgresql://u:hush@h/d"))
    assert "hush" not in repr(configured)
    assert configured.dsn() == "postgresql://u:hush@h/d"


@pytest.mark.parametrize(("name", "value"), [("port", 70000), ("port", "x"), ("environment", "staging"), ("turn_slots", 0), ("analyser_threads", 0)])
def test_a_wrong_value_is_refused_at_start(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Settings(**{name: value})


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GILDONGMU_PORT", "1234")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    configured = Settings()
    assert configured.port == 1234
    assert configured.dsn() == "postgresql://x"


def test_no_database_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("GILDONGMU_DATABASE_URL", raising=False)
    with pytest.raises(ValueError, match="DATABASE_URL"):
        Settings().dsn()


if __name__ == "__main__":
    PAGE.write_text(page())
