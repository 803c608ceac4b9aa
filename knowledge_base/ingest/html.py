"""Web pages: trafilatura finds the article; scripts, styles and hidden parts are gone before it looks, and merged cells are spelled out."""

from __future__ import annotations

import re
from configparser import ConfigParser
from functools import lru_cache
from urllib.parse import urlsplit

import trafilatura
from lxml import etree
from lxml import html as lxml_html
from trafilatura.metadata import extract_metadata
from trafilatura.settings import use_config

from knowledge_base.ingest.blocks import LONGEST_TITLE, Block, Cell, Paragraph, Table, clean, escape, link, markdown, neutral, table
from knowledge_base.ingest.charset import decode_mostly
from knowledge_base.ingest.days import iso_day, labelled_day
from knowledge_base.ingest.drafts import Draft, Refusal, Row, Warnings

LARGEST = 5_000_000
MOST_ELEMENTS = 40_000
DEEPEST = 150
_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_XML_CHARSET = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})", re.I)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>", re.I)
_DROPPED = ("script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "math", "form", "applet", "base", "meta[@http-equiv]")
_BLOCKS = {"p", "div", "li", "ul", "ol", "table", "tr", "section", "article", "br", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "dt", "dd", "blockquote", "pre"}
_MAIN = ("//main", "//article", "//*[@role='main']", "//*[@id='content' or @id='contents']")
_SKIPPED = {"nav", "footer", "aside", "header", "button", "select"}
_HIDDEN = "//*[@hidden or contains(translate(@style, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ ', 'abcdefghijklmnopqrstuvwxyz'), 'display:none')]"
_SITE = re.compile(r"\s+[|<>·»:–-]\s+.{1,40}$")
_BAD_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\((?!https?://)[^()\n]{0,2000}\)")
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,500}\]\([^()\n]{0,2000}\)")


def parse(raw: bytes, name: str) -> list[Draft | Row]:
    """One draft of a page.

    Raises:
        Refusal: too large, of unknown characters, or without an article.
    """
    if len(raw) > LARGEST:
        raise Refusal(name, "the page is larger than 5 MB", "file_too_large")
    declared = _CHARSET.search(raw[:8_000]) or _XML_CHARSET.search(raw[:500])
    text, dropped = decode_mostly(raw, name, declared.group(1).decode("ascii") if declared else "")
    warnings = Warnings()
    if dropped:
        warnings.add("깨진 글자 몇 개를 버렸습니다. 원본과 비교하십시오.")
    if re.search(r"<!ENTITY", text[:100_000], re.I):
        raise Refusal(name, "the page declares entities", "file_xml_entities")
    try:
        tree = lxml_html.document_fromstring(clean_lines(_DECLARATION.sub("", text)), parser=lxml_html.HTMLParser(encoding=None, no_network=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refusal(name, "the page has no content", "file_no_text") from error
    if _is_too_deep(tree):
        raise Refusal(name, "the page has too many elements, or they are nested too deeply", "file_bomb")
    _strip(tree)
    words = " ".join(tree.itertext())
    found = extract_metadata(tree)
    _flat_tables(tree)
    body = _article(tree)
    if not body:
        raise Refusal(name, "no article was found in the page", "file_no_text")
    title = _title(tree, clean(found.title or ""), body)
    lines = body.split("\n", 1)
    if lines[0].lstrip("# ").strip() == title and len(lines) > 1 and lines[1].strip():
        body = lines[1].strip()
    published_at = labelled_day(words, "published_at")
    if not published_at and found.date:
        published_at = iso_day(found.date)
        warnings.add("게시일은 웹 페이지의 정보에서 짐작한 것입니다. 확인하십시오.")
    return [
        Draft(
            title=title,
            body=body,
            published_at=published_at,
            effective_from=labelled_day(words, "effective_from"),
            source_url=_address(found.url or ""),
            source=clean(found.sitename or "")[:100],
            warnings=warnings.all(),
        )
    ]


def _article(tree: lxml_html.HtmlElement) -> str:
    """What trafilatura takes for the article; all of the page's main part where that would lose its tables or find nothing."""
    found = trafilatura.extract(
        lxml_html.tostring(tree, encoding="unicode"),
        output_format="markdown",
        include_tables=True,
        include_links=True,
        include_formatting=True,
        include_comments=False,
        include_images=False,
        favor_recall=True,
        deduplicate=False,
        config=_settings(),
    )
    body = _tidy(found or "")
    marked: list[lxml_html.HtmlElement] = next((found for path in _MAIN if (found := tree.xpath(path))), [])
    main = marked[0] if marked else next(iter(tree.xpath("//body")), tree)
    rows, kept = len(main.xpath(".//tr[td]")), sum(line.startswith("|") for line in body.split("\n"))
    walked = _tidy(markdown(_walk(main)))
    if not body or kept < rows or walked.count("\n") > body.count("\n") == 0:
        # A short page comes back as one line of words.
        return walked or body
    # Where the page itself marks its main part, a little more than trafilatura took is a paragraph that it took for a menu.
    return walked if marked and len(body) < len(walked) < 2 * len(body) else body


@lru_cache(maxsize=1)
def _settings() -> ConfigParser:
    """trafilatura's own, but a notice may be short: Korean says in 60 characters what it expects 250 for."""
    found: ConfigParser = use_config()
    found.set("DEFAULT", "MIN_EXTRACTED_SIZE", "60")
    return found


def _walk(main: lxml_html.HtmlElement) -> list[Block]:
    """Headings, paragraphs, list items and tables of an element in their order, menus left out."""
    blocks: list[Block] = []
    line: list[str] = []
    links: list[int] = []

    def end(level: int = 0, bullet: str = "") -> None:
        text = " ".join("".join(line).split())
        if text:
            blocks.append(Paragraph(text, level, bullet))
        line.clear()
        links.clear()

    def say(text: str | None) -> None:
        if text:
            line.append((" " if text[0].isspace() else "") + escape(" ".join(text.split())) + (" " if text[-1].isspace() else ""))

    skipped = 0
    for event, element in etree.iterwalk(main, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        leaf = tag in _SKIPPED or tag == "table"
        if event == "start":
            if tag in _BLOCKS:
                end()
            if tag == "table" and not skipped:
                cells = [Cell(y, x, escape(" ".join(cell.itertext()))) for y, row in enumerate(element.iter("tr")) for x, cell in enumerate(row)]
                blocks.append(Table(tuple(cells)))
            skipped += leaf
            if not skipped:
                links.extend([len(line)] if tag == "a" else [])
                say(element.text)
            continue
        if not skipped:
            if tag == "a" and links:
                start = links.pop()
                line[start:] = [link("".join(line[start:]), element.get("href") or "")]
            if tag in _BLOCKS:
                end(max(1, int(tag[1]) - 1) if re.fullmatch(r"h[1-6]", tag) else 0, "-" if tag == "li" else "")
        skipped -= leaf
        if not skipped and element is not main:
            say(element.tail)
    end()
    return blocks


def _is_too_deep(tree: lxml_html.HtmlElement) -> bool:
    """What would keep the search for an article busy for minutes."""
    depth = count = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEEPEST or count > MOST_ELEMENTS:
            return True
    return False


def clean_lines(text: str) -> str:
    """Text without NUL and other characters that XML may not have."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "", text)


def _strip(tree: lxml_html.HtmlElement) -> None:
    for path in (*(f"//{tag}" for tag in _DROPPED), "//comment()", "//processing-instruction()", _HIDDEN):
        for element in tree.xpath(path):
            parent = element.getparent()
            if parent is not None:
                element.drop_tree() if isinstance(element.tag, str) else parent.remove(element) if not element.tail else element.drop_tree()

    for element in tree.iter("a"):
        if not _address((element.get("href") or "").strip()):
            # Scripts, files, and addresses within a site that we do not know.
            element.attrib.pop("href", None)


def _flat_tables(tree: lxml_html.HtmlElement) -> None:
    """Each innermost table anew, without merged cells: a fee must not slip into the next column. Its words stay as they are."""
    for element in tree.xpath("//table[not(.//table)]"):
        cells, taken = [], set()
        for row, line in enumerate(element.xpath(".//tr")):
            column = 0
            for cell in line.xpath("./td|./th"):
                while (row, column) in taken:
                    column += 1
                height, width = _span(cell, "rowspan"), _span(cell, "colspan")
                taken |= {(row + down, column + right) for down in range(height) for right in range(width)}
                cells.append(Cell(row, column, clean(" ".join(cell.itertext())).replace("\n", " "), height, width))
                column += width
                if len(taken) > 50_000:
                    _forget_spans(tree)
                    return
        _replace(element, table(cells))


def _forget_spans(tree: lxml_html.HtmlElement) -> None:
    for cell in tree.iter("td", "th"):
        cell.attrib.pop("rowspan", None)
        cell.attrib.pop("colspan", None)


def _replace(element: lxml_html.HtmlElement, markdown: str) -> None:
    """Put a table in place of its element: lines of pipes become rows, the rest paragraphs before it."""
    fresh = etree.Element("div")
    rows: etree._Element | None = None
    for line in markdown.split("\n"):
        if not line.startswith("| "):
            if line.strip():
                etree.SubElement(fresh, "p").text = line
            continue
        if set(line) <= set("| -"):
            continue
        first = rows is None
        if rows is None:
            rows = etree.SubElement(fresh, "table")
        row = etree.SubElement(rows, "tr")
        for cell in re.split(r"(?<!\\) \| ", line[2:].removesuffix(" |")):
            etree.SubElement(row, "th" if first else "td").text = cell.replace("\\|", "¦").strip()
    fresh.tail = element.tail
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, fresh)


def _span(cell: lxml_html.HtmlElement, attribute: str) -> int:
    text = (cell.get(attribute) or "1").strip()
    return max(1, min(int(text), 200)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _tidy(body: str) -> str:
    lines = [line.rstrip() for line in neutral(_BAD_LINK.sub(r"\1", _PICTURE.sub("", body))).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(clean(line) if not line.startswith("|") else line for line in lines)).strip()


def _title(tree: lxml_html.HtmlElement, found: str, body: str) -> str:
    """The page's one main heading, else what its metadata says without the name of the site, else its first line."""
    headings = [clean(" ".join(h.itertext())).replace("\n", " ") for h in tree.xpath("//h1")]
    if len([h for h in headings if h]) == 1:
        found = next(h for h in headings if h)
    title = _SITE.sub("", found).strip() or found
    return (title or body.split("\n")[0].lstrip("# "))[:LONGEST_TITLE].strip()


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and len(url) < 2000 and not re.search(r"[\s<>\"']", url) else ""
