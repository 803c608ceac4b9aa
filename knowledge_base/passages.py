"""A notice's body as what can be quoted from it: plain sentences and table rows, free of markup.

Bodies come as Markdown, as bare text from an import and with HTML inside; nothing of a tag survives, and what stood inside a script or a
style is dropped with it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST_PASSAGE = 400
MOST_PASSAGES = 400
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.S | re.I)
#: Elements that hold something else than text, each with what ends it.
_ACTIVE = tuple(
    (re.compile(rf"<{name}\b.*?</{name}\s*>", re.S | re.I), re.compile(rf"</{name}\s*>", re.I))
    for name in ("iframe", "object", "template", "noscript", "svg", "math")
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_ELEMENTS = (
    "a|abbr|acronym|address|applet|area|article|aside|audio|b|base|basefont|bdi|bdo|bgsound|big|blink|blockquote|body|br|button|canvas|caption|center|cite|code|"
    "col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|"
    "hgroup|hr|html|i|iframe|image|img|input|ins|isindex|kbd|keygen|label|legend|li|link|listing|main|map|mark|marquee|math|menu|menuitem|meta|meter|nav|nobr|"
    "noembed|noframes|noscript|object|ol|optgroup|option|output|p|param|picture|plaintext|portal|pre|progress|q|rb|rp|rt|rtc|ruby|s|samp|script|search|section|"
    "select|slot|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|"
    "wbr|xmp"
)
# An element of HTML, a name of another language of markup ("o:p"), whatever has an attribute, and whatever is closed; "<USD 53>" is a value.
_TAG = re.compile(
    rf"<(?:(?:{_ELEMENTS})(?=[\s/>])|[a-z][\w.-]{{0,60}}:[a-z]|[a-z][^\s<>/]{{0,60}}[\s/][^<>=]{{0,200}}=|/[a-z])[^<>]{{0,2000}}>|<[a-z][\w.:-]{{0,60}}\s?/>",
    re.I,
)
_BLOCK_TAG = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|table|h[1-6]|section|article)(?=[\s/>])[^<>]*>", re.I)
_RAW_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_SPACES = re.compile(r"[^\S\n]+")
# A full stop ends a sentence unless it stands after a digit ("2026. 3. 1.", "3.5달러", "0404.go.kr" has no space).
_SENTENCE_END = re.compile(r"(?<=[^\d\s.][.!?])[\"'”’)\]]*\s+|(?<=[。！？])[”’」』)]*\s*|(?<=[다요오까죠]\.)[\"'”’)]*(?=[가-힣○◦※•▶])")
_NUMBERED_DATE = re.compile(r"\d\s*\.\s*$")
_BULLET = re.compile(r"^(?:[○◦●•▪■□◆◇▶▷☞※·∙*-]|\d{1,2}[.)]|[가나다라마바사아자차카타파하][.)]|[①-⑳])\s+")


@dataclass(frozen=True)
class Passage:
    """One thing that can be quoted; ``heading`` says what it stands under."""

    text: str
    heading: str = ""
    is_row: bool = False


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Indented text is never code here: ministries indent their lists.
    return MarkdownIt("commonmark", {"html": True}).enable("table").disable(["code", "lheading", "hr"])


def plain_text(text: str) -> str:
    """Text without markup of any kind, entities resolved."""
    text = _without_active(text, " ")
    text = html.unescape(html.unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", text))))
    # What an entity hid ("&lt;script&gt;") is a tag as well.
    text = _TAG.sub("", _without_active(text, " "))
    return _SPACES.sub(" ", _RAW_LINK.sub(r"\1", text).replace("\xa0", " ")).strip()


def _without_active(text: str, instead: str) -> str:
    """The text without scripts, embedded elements and comments. Behind the last end of an element no search for one begins: each would read to the end."""
    text = _SCRIPT.sub(instead, text)
    for whole, end in _ACTIVE:
        last = max((match.end() for match in end.finditer(text)), default=0)
        text = whole.sub(instead, text[:last]) + text[last:]
    return _COMMENT.sub(instead, text)


def split_sentences(text: str) -> list[str]:
    """Sentences of plain text, one or more to a line, none longer than ``LONGEST_PASSAGE``."""
    found: list[str] = []
    for line in text.split("\n"):
        line = _BULLET.sub("", line.strip())
        at = 0
        for match in _SENTENCE_END.finditer(line):
            found.append(line[at : match.end()].strip())
            at = match.end()
        found.append(line[at:].strip())
    return [piece for sentence in found if sentence for piece in _cut(sentence)]


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_PASSAGE:
        at = sentence.rfind(" ", LONGEST_PASSAGE // 2, LONGEST_PASSAGE)
        at = at if at > 0 else LONGEST_PASSAGE
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    if sentence:
        yield sentence


def split_passages(body: str) -> list[Passage]:
    """The body's sentences and table rows in reading order."""
    prepared = _without_active(body, "\n")
    prepared = "\n".join(line.lstrip() if not line.lstrip().startswith("|") else line.strip() for line in prepared.split("\n"))
    passages: list[Passage] = []
    heading = ""
    tokens = _parser().parse(prepared)
    at = 0
    while at < len(tokens) and len(passages) < MOST_PASSAGES:
        token = tokens[at]
        if token.type == "heading_open":
            heading = plain_text(_inline_text(tokens[at + 1]))
            at += 3
        elif token.type == "table_open":
            end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
            passages.extend(_rows(tokens[at:end], heading))
            at = end + 1
        else:
            if token.type == "inline":
                passages.extend(Passage(s, heading) for s in split_sentences(plain_text(_inline_text(token))))
            elif token.type in ("html_block", "fence", "code_block"):
                passages.extend(Passage(s, heading) for s in split_sentences(plain_text(token.content)))
            at += 1
    return passages[:MOST_PASSAGES]


def _inline_text(token: Token) -> str:
    """Text of an inline token; links keep their words, pictures vanish, tags inside stay for ``plain_text`` to remove."""
    out: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            out.append(html.escape(child.content, quote=False))
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif child.type == "html_inline":
            out.append(child.content)
    return "".join(out)


def _rows(tokens: list[Token], heading: str) -> Iterator[Passage]:
    """Each row in one line: its first cell, then each header with its cell."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(plain_text(_inline_text(token)).replace("\n", " "))
    if not rows:
        return
    head = rows[0]
    for row in rows[1:]:
        if not any(row):
            continue
        cells = [f"{name} {cell}".strip() for name, cell in zip(head[1:], row[1:], strict=False) if cell]
        yield Passage((f"{row[0]}: " if cells else row[0]) + ", ".join(cells), heading, is_row=True)
