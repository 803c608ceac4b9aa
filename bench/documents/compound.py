"""A compound file (OLE, version 3) with streams in storages, written in one go."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SECTOR = 512
MINI = 64
CUTOFF = 4096
FREE, END, FAT_SECTOR, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


@dataclass
class _Entry:
    name: str
    kind: int  # 1 storage, 2 stream, 5 root
    content: bytes = b""
    start: int = END
    size: int = 0
    children: list[int] = field(default_factory=list)
    right: int = NONE
    child: int = NONE


def compound(streams: dict[str, bytes]) -> bytes:
    """The file; a path such as ``BodyText/Section0`` makes the storage too."""
    entries = [_Entry("Root Entry", 5)]
    places: dict[str, int] = {"": 0}
    for path, content in streams.items():
        parent = ""
        *folders, leaf = path.split("/")
        for folder in folders:
            inner = f"{parent}/{folder}"
            if inner not in places:
                places[inner] = len(entries)
                entries[places[parent]].children.append(len(entries))
                entries.append(_Entry(folder, 1))
            parent = inner
        entries[places[parent]].children.append(len(entries))
        entries.append(_Entry(leaf, 2, content, size=len(content)))
    for entry in entries:
        # A list is a tree too: each sibling hangs on the right of the one before, in the order that the format asks for.
        entry.children.sort(key=lambda at: (len(entries[at].name), entries[at].name.upper()))
        for before, after in zip(entry.children, entry.children[1:], strict=False):
            entries[before].right = after
        entry.child = entry.children[0] if entry.children else NONE

    sectors: list[bytes] = []
    fat: list[int] = []

    def store(content: bytes) -> int:
        if not content:
            return END
        start = len(sectors)
        parts = [content[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(content), SECTOR)]
        sectors.extend(parts)
        fat.extend([*range(start + 1, start + len(parts)), END])
        return start

    mini = bytearray()
    mini_fat: list[int] = []
    for entry in entries[1:]:
        if entry.kind != 2 or not entry.content:
            continue
        if entry.size >= CUTOFF:
            entry.start = store(entry.content)
        else:
            entry.start = len(mini_fat)
            count = -(-entry.size // MINI)
            mini_fat.extend([*range(entry.start + 1, entry.start + count), END])
            mini += entry.content.ljust(count * MINI, b"\0")
    entries[0].size, entries[0].start = len(mini), store(bytes(mini))
    mini_fat_bytes = b"".join(struct.pack("<I", value) for value in mini_fat)
    mini_fat_sectors = -(-len(mini_fat_bytes) // SECTOR)
    mini_fat_start = store(mini_fat_bytes.ljust(mini_fat_sectors * SECTOR, b"\xff"))
    directory = b"".join(_directory_entry(entry) for entry in entries)
    directory_start = store(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"))

    per_sector = SECTOR // 4
    fat_sectors = 1
    while fat_sectors * per_sector < len(fat) + fat_sectors:
        fat_sectors += 1
    if fat_sectors > 109:
        raise ValueError("too large for a file without further tables of the FAT")
    fat_start = len(sectors)
    fat.extend([FAT_SECTOR] * fat_sectors)
    table = b"".join(struct.pack("<I", value) for value in fat).ljust(fat_sectors * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        b"",
        0,
        fat_sectors,
        directory_start,
        0,
        CUTOFF,
        mini_fat_start if mini_fat else END,
        mini_fat_sectors,
        END,
        0,
        fat_start,
    )
    header += b"".join(struct.pack("<I", fat_start + at if at < fat_sectors else FREE) for at in range(1, 109))
    return header.ljust(SECTOR, b"\0") + b"".join(sectors) + table


def _directory_entry(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        name,
        len(name),
        entry.kind,
        1,
        NONE,
        entry.right,
        entry.child,
        b"",
        0,
        0,
        0,
        entry.start if entry.kind != 1 else 0,
        entry.size if entry.kind != 1 else 0,
    )


def properties(title: str, changed: int) -> bytes:
    """A property set with a title and a last change (in 100 ns since 1601)."""
    text = title.encode("utf-16-le") + b"\0\0"
    values = [
        (2, struct.pack("<II", 31, len(text) // 2) + text.ljust(-(-len(text) // 4) * 4, b"\0")),
        (13, struct.pack("<IQ", 64, changed)),
    ]
    at = 8 + 8 * len(values)
    table = body = b""
    for number, value in values:
        table += struct.pack("<II", number, at + len(body))
        body += value
    section = struct.pack("<II", at + len(body), len(values)) + table + body
    return struct.pack("<HHI16sI16sI", 0xFFFE, 0, 0, b"", 1, b"", 48) + section
