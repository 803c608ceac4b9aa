"""A picture is drawn anew: nothing that was hidden in the file comes out, and a bad one costs nobody anything."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from conversation.files.pictures import NotDrawn, drawn
from conversation.files.redraw import PICTURE, THUMBNAIL

PHNOM_PENH = (11.55, 104.916667)
HERE = Path(__file__).parent


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), position: bool = False, **values: object) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "GEHEIM-CAMERA"
    if position:
        exif[0x8825] = {1: "N", 2: (11.0, 33.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
    Image.new("RGB", size, (200, 30, 40)).save(out, kind, exif=exif.tobytes(), **values)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=("JPEG",))
    image.load()
    return image


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp")])
async def test_every_kind_becomes_a_plain_jpeg_and_a_thumbnail(kind: str, suffix: str) -> None:
    made = await drawn(a_picture(kind, (3000, 1500)), suffix)
    assert opened(made.picture).size == (PICTURE[0], PICTURE[0] // 2)
    assert opened(made.thumbnail).size == (THUMBNAIL[0], THUMBNAIL[0] // 2)
    for content in (made.picture, made.thumbnail):
        assert b"GEHEIM" not in content
        assert not opened(content).getexif()


async def test_the_place_is_taken_out_and_kept_apart() -> None:
    made = await drawn(a_picture(position=True), "jpg")
    assert made.position == pytest.approx(PHNOM_PENH, abs=1e-5)
    assert not opened(made.picture).getexif().get_ifd(0x8825)
    assert (await drawn(a_picture(), "jpg")).position is None


async def test_a_telephones_heic_with_its_place() -> None:
    made = await drawn((HERE / "taken_in_phnom_penh.heic").read_bytes(), "heic")
    assert opened(made.picture).size == (64, 48)
    assert made.position == pytest.approx(PHNOM_PENH, abs=1e-5)
    assert b"geheim" not in made.picture


async def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 300)).save(out, "JPEG", exif=exif.tobytes())
    assert opened((await drawn(out.getvalue(), "jpg")).picture).size == (300, 400)


async def test_clear_parts_are_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert opened((await drawn(out.getvalue(), "png")).picture).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04" + b"\x00" * 50, b"<?php system('id'); ?>", b"%PDF-1.7"])
async def test_of_a_picture_that_is_also_something_else_only_the_picture_is_left(tail: bytes) -> None:
    made = await drawn(a_picture(comment=b"<script>alert(2)</script>") + tail, "jpg")
    for content in (made.picture, made.thumbnail):
        assert tail not in content
        assert b"<script" not in content


def a_claim_of(width: int, height: int) -> bytes:
    """A small PNG that says that it is very large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(b"\x00" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "suffix", "reason"),
    [
        (a_claim_of(50_000, 50_000), "png", "bomb"),
        (a_claim_of(2**31 - 1, 2**31 - 1), "png", "bomb"),
        (a_claim_of(7_800, 7_800), "png", "bomb"),
        (a_claim_of(7_000, 7_000), "png", "broken"),
        (a_picture()[:300], "jpg", "broken"),
        (b"\xff\xd8\xff\xe0<html>", "jpg", "broken"),
        (b"", "jpg", "broken"),
        (a_picture("PNG"), "jpg", "broken"),  # another decoder than the one that was asked for is never tried
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "png", "broken"),
        (b"\x00\x00\x00\x1cftypheic" + b"\xff" * 100, "heic", "broken"),
    ],
)
async def test_what_is_no_picture_to_be_shown(content: bytes, suffix: str, reason: str) -> None:
    with pytest.raises(NotDrawn) as refused:
        await drawn(content, suffix)
    assert refused.value.reason == reason


async def test_one_that_takes_too_long_is_left() -> None:
    with pytest.raises(NotDrawn, match="slow"):
        await drawn(a_picture(size=(3000, 3000)), "jpg", timeout_s=0.01)


async def test_a_place_that_makes_no_sense_is_none() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x8825] = {1: "N", 2: (999.0, 0.0, 0.0), 3: "E", 4: (104.0, 55.0, 0.0)}
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif.tobytes())
    assert (await drawn(out.getvalue(), "jpg")).position is None
