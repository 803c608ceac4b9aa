"""A zip of named parts."""

from __future__ import annotations

import io
import zipfile


def packed(parts: dict[str, bytes]) -> bytes:
    """The parts in their order; ``mimetype`` is not compressed, as the formats ask."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in parts.items():
            archive.writestr(zipfile.ZipInfo(entry), content, zipfile.ZIP_STORED if entry == "mimetype" else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
