"""Opening a zip or a compressed stream that a stranger made: what comes out is limited before it comes out."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge_base.ingest.drafts import Refusal

MOST_ENTRIES = 2_000
MOST_UNPACKED = 64_000_000
MOST_ENTRY = 32_000_000
#: Office XML shrinks to a tenth or a twentieth; only filler shrinks to a hundredth.
HIGHEST_RATIO = 100
#: Below this a high ratio harms nobody: an empty header.xml of 50 KB is common.
RATIO_MATTERS_FROM = 2_000_000


class Archive:
    """The entries of a zip; names that lead outside it are left out."""

    def __init__(self, raw: bytes, name: str) -> None:
        self.name = name
        self._spent = 0
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError, OverflowError) as error:
            raise Refusal(name, f"not a readable zip ({type(error).__name__})", "file_broken") from error
        if len(infos) > MOST_ENTRIES:
            raise Refusal(name, f"the zip has {len(infos)} entries", "file_bomb")
        if sum(info.file_size for info in infos) > MOST_UNPACKED * 4:
            raise Refusal(name, "the zip says that it unpacks to more than is allowed", "file_bomb")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            if not info.is_dir() and _is_inside(info.filename):
                self._entries.setdefault(info.filename, info)

    def names(self) -> list[str]:
        """Every entry that may be read."""
        return list(self._entries)

    def __contains__(self, entry: str) -> bool:
        return entry in self._entries

    def read(self, entry: str) -> bytes:
        """One entry, unpacked.

        Raises:
            Refusal: missing, damaged, encrypted, or larger than allowed.
        """
        info = self._entries.get(entry)
        if info is None:
            raise Refusal(self.name, "a part of the document is missing", "file_broken")
        if info.flag_bits & 1:
            raise Refusal(self.name, "the zip is encrypted", "file_encrypted")
        allowed = min(MOST_ENTRY, MOST_UNPACKED - self._spent)
        try:
            with self._zip.open(info) as stream:
                # The size in the directory is only a claim: what is read is counted.
                content = stream.read(allowed + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError) as error:
            raise Refusal(self.name, f"a part of the document is damaged ({type(error).__name__})", "file_broken") from error
        self._spent += len(content)
        if len(content) > allowed:
            raise Refusal(self.name, "the document unpacks to more than is allowed", "file_bomb")
        if len(content) > RATIO_MATTERS_FROM and len(content) > HIGHEST_RATIO * max(1, info.compress_size):
            raise Refusal(self.name, "a part of the document is compressed more than a hundredfold", "file_bomb")
        return content

    def xml(self, entry: str) -> Element:
        """One entry as XML."""
        return parse_xml(self.read(entry), self.name)


def _is_inside(entry: str) -> bool:
    flat = entry.replace("\\", "/")
    return not (flat.startswith("/") or "\x00" in flat or ":" in flat.split("/")[0] or ".." in flat.split("/")) and posixpath.normpath(flat) != "."


def parse_xml(raw: bytes, name: str) -> Element:
    """XML without any declaration of entities.

    Raises:
        Refusal: not well-formed, or with a document type.
    """
    try:
        return fromstring(raw, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Refusal(name, f"the XML declares a document type or entities ({type(error).__name__})", "file_xml_entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Refusal(name, "the XML is not well-formed", "file_broken") from error


def inflate(raw: bytes, name: str, budget: int = MOST_ENTRY) -> bytes:
    """Raw deflate, as in HWP streams.

    Raises:
        Refusal: larger than ``budget``.
        zlib.error: damaged.
    """
    machine = zlib.decompressobj(-15)
    content = machine.decompress(raw, budget + 1)
    if len(content) > budget:
        raise Refusal(name, "the document unpacks to more than is allowed", "file_bomb")
    if not machine.eof:
        raise zlib.error("the stream ends early")
    return content


def local(element: Element) -> str:
    """A tag without its namespace: vendors change the year in it."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str, default: str = "") -> str:
    """An attribute by its local name."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return value
    return default


def children(element: Element, name: str) -> list[Element]:
    """Direct children of that local name."""
    return [child for child in element if local(child) == name]


def child(element: Element, name: str) -> Element | None:
    """The first direct child of that local name."""
    return next((found for found in element if local(found) == name), None)
