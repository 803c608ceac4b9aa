"""A notice's body as HTML for an editor's page: its Markdown is shaped, its HTML is shown as text, and nothing in it runs."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    # Without "html", tags become text; links to anything but web pages and mail stay words; pictures would call other sites.
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "code"])
    renderer.validateLink = lambda url: url.strip().lower().startswith(("https://", "http://", "mailto:"))  # type: ignore[method-assign]
    return renderer


def to_html(body: str) -> str:
    """Harmless HTML."""
    return str(_renderer().render(body))
