"""A picture drawn anew, in a process of its own: what comes out holds the pixels and nothing else that was in the file.

``python -m conversation.files.redraw NAME`` reads a picture of that format and writes one line of JSON, then the picture and its thumbnail (JPEG). A picture
that eats the memory, never ends or brings a decoder down costs only this process, which holds no secret and cannot write files.
"""

from __future__ import annotations

import io
import json
import math
import resource
import sys
import warnings
from typing import Any

from PIL import Image, ImageOps

MOST_MEMORY_BYTES = 1_500_000_000
MOST_CPU_S = 20
#: A telephone's best camera makes 50 million; a bomb claims more.
MOST_PIXELS = 60_000_000
PICTURE = (2048, 2048)
THUMBNAIL = (320, 320)
GPS = 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "heic": "HEIF"}


class Unfit(Exception):
    """The picture is not shown; the reason is a code."""


def redraw(raw: bytes, suffix: str) -> tuple[dict[str, Any], bytes, bytes]:
    """What is known of a picture, the picture, and its thumbnail.

    Raises:
        Unfit: ``broken`` or ``bomb``.
    """
    if suffix == "heic":
        import pi_heif

        pi_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=(FORMATS[suffix],)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Unfit("bomb")
                known: dict[str, Any] = {"width": image.width, "height": image.height, "position": position(image)}
                image.draft("RGB", PICTURE)  # a large JPEG is read at a fraction of its size
                upright = ImageOps.exif_transpose(image)
                flat = _flat(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise Unfit("bomb") from error
    except Unfit:
        raise
    except Exception as error:  # whatever a decoder raises, the picture is not one
        raise Unfit("broken") from error
    flat.thumbnail(PICTURE)
    whole = _jpeg(flat, 85)
    flat.thumbnail(THUMBNAIL)
    return known, whole, _jpeg(flat, 75)


def position(image: Image.Image) -> list[float] | None:
    """Where the camera says that it was: latitude and longitude; None where it says nothing that makes sense."""
    try:
        gps = image.getexif().get_ifd(GPS)
        lat = _degrees(gps[_LATITUDE], str(gps.get(_LATITUDE_REF, "N")) == "S")
        lon = _degrees(gps[_LONGITUDE], str(gps.get(_LONGITUDE_REF, "E")) == "W")
    except Exception:  # noqa: BLE001  (written by anybody: a picture is one without its place)
        return None
    is_place = math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0)
    return [round(lat, 6), round(lon, 6)] if is_place else None


def _degrees(parts: Any, is_negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if is_negative else value


def _flat(image: Image.Image) -> Image.Image:
    """Opaque, in colours that every browser shows."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGB", clear.size, "white")
        paper.paste(clear, mask=clear.getchannel("A"))
        return paper
    return image.convert("RGB")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", image.size, image.tobytes()).save(out, "JPEG", quality=quality)  # a fresh image: nothing of the old one's info goes along
    return out.getvalue()


def _bounded() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MOST_CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> None:
    """The process."""
    _bounded()
    try:
        known, whole, small = redraw(sys.stdin.buffer.read(), sys.argv[1])
    except Unfit as error:
        known, whole, small = {"refused": str(error)}, b"", b""
    head = json.dumps(known | {"sizes": [len(whole), len(small)]}).encode()
    sys.stdout.buffer.write(head + b"\n" + whole + small)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
