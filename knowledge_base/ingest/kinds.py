"""Which kind of file this is, by what it contains rather than by what it is called, and who reads it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from importlib import import_module

import structlog

from knowledge_base.ingest.drafts import Draft, Parser, Refusal, Row

logger = structlog.get_logger(__name__)

#: Read by the import itself and published: what an authority has already written as notices.
PUBLISHED_KINDS = ("jsonl", "md")
MEDIA_TYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "hwp": "application/x-hwp",
    "hwpx": "application/hwp+zip",
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "md": "text/markdown",
}
SUFFIXES = {
    ".jsonl": "jsonl",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".hwp": "hwp",
    ".hwpx": "hwpx",
    ".csv": "csv",
    ".tsv": "csv",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:(?!-->).){0,2000}-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_HWP_FILE_HEADER = "FileHeader".encode("utf-16-le")
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


def suffix_of(name: str) -> str:
    """The kind that a file's name promises; empty if none that we know."""
    dot = name.rfind(".")
    return SUFFIXES.get(name[dot:].lower(), "") if dot > 0 else ""


def sniff(raw: bytes, name: str) -> str:
    """The kind of a file.

    Raises:
        Refusal: none that can be read; an encrypted office document by that name.
    """
    promised = suffix_of(name)
    if b"%PDF-" in raw[:1024]:
        return "pdf"
    if raw.startswith(_OLE):
        # Names of streams stand in the directory as UTF-16.
        if _HWP_FILE_HEADER in raw or promised == "hwp":
            return "hwp"
        if _ENCRYPTED_OFFICE in raw:
            raise Refusal(name, "an office document that is encrypted", "file_encrypted")
        raise Refusal(name, "a compound file that is not HWP", "file_type_unknown")
    if raw.startswith(b"HWP Document File"):
        return "hwp"
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(raw, name, promised)
    if raw[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml") and b"<HWPML" in raw[:2000]:
        raise Refusal(name, "HWPML (the older XML form of HWP)", "file_version_unknown")
    if promised not in ("csv", *PUBLISHED_KINDS) and _HTML.match(raw[:4096]):
        return "html"
    if promised in ("pdf", "hwp", "hwpx", "docx"):
        raise Refusal(name, f"the content is not {promised}", "file_broken" if raw else "file_no_text")
    if promised in ("csv", *PUBLISHED_KINDS):
        return promised
    if promised == "html":
        return "html"
    raise Refusal(name, "a kind of file that cannot be read; use jsonl, md, html, pdf, docx, hwp, hwpx or csv", "file_type_unknown")


def _kind_of_zip(raw: bytes, name: str, promised: str) -> str:
    from knowledge_base.ingest.archive import Archive

    archive = Archive(raw, name)
    if "word/document.xml" in archive:
        return "docx"
    if any(entry.lower().startswith("contents/section") for entry in archive.names()):
        return "hwpx"
    if promised in ("docx", "hwpx"):
        raise Refusal(name, f"the content is not {promised}", "file_broken")
    raise Refusal(name, "a zip that is neither HWPX nor DOCX", "file_type_unknown")


def parser(kind: str) -> Parser:
    """The reader of one kind; loaded when it is first needed, since some take seconds."""
    found: Parser = import_module(f"knowledge_base.ingest.{kind}").parse
    return found


def parse(raw: bytes, name: str) -> tuple[str, list[Draft | Row]]:
    """The kind of a document and its drafts.

    Raises:
        Refusal: with the reason's name; nothing else, whatever the bytes are.
    """
    kind = sniff(raw, name)
    if kind in PUBLISHED_KINDS:
        raise Refusal(name, f"{kind} is not read as a document", "file_type_unknown")
    try:
        drafts = parser(kind)(raw, name)
    except Refusal:
        raise
    except RecursionError as error:
        raise Refusal(name, "the document is nested too deeply", "file_bomb") from error
    except MemoryError as error:
        raise Refusal(name, "the document needs more memory than is allowed", "file_bomb") from error
    except Exception as error:
        # The edge to libraries that read hostile bytes: none of their errors may end an import.
        logger.warning("document_unreadable", kind=kind, error=type(error).__name__, size=len(raw))
        raise Refusal(name, f"the {kind} cannot be read ({type(error).__name__})", "file_broken") from error
    promised = suffix_of(name)
    if promised and promised != kind:
        note = f"파일 이름은 {promised}인데 내용은 {kind}입니다."
        drafts = [_with_warning(draft, note) if isinstance(draft, Draft) else draft for draft in drafts]
    return kind, [_titled(draft, name) if isinstance(draft, Draft) else draft for draft in drafts]


def _with_warning(draft: Draft, sentence: str) -> Draft:
    return replace(draft, warnings=(*draft.warnings, sentence))


def _titled(draft: Draft, name: str) -> Draft:
    """A title and an id in any case: the file's name is what the office itself calls the thing."""
    stem = name[: name.rfind(".")] if suffix_of(name) else name
    words = " ".join(unicodedata.normalize("NFC", stem).replace("_", " ").split())
    return replace(draft, id=draft.id or document_id(name), title=draft.title or words[:120] or "제목 없음")


def document_id(name: str) -> str:
    """A document's id is its file's name: bringing it again makes the next version of the same notice."""
    cleaned = re.sub(r"[\s\x00-\x1f\x7f]+", "-", unicodedata.normalize("NFC", name)).strip("-")
    return cleaned[-200:] or "document"
