"""A line's files as a desk shows them. Pure."""

from __future__ import annotations

from typing import Any

from conversation.files.schemas import File, Form, State
from conversation.schemas import ChannelLimits, Line

PATH = "/desk/files"
FAMILY = {"image": "사진", "video": "동영상", "audio": "음성", "document": "파일", "text": "글 파일"}
REFUSED = {
    "too_large": "너무 커서 받지 않았습니다",
    "no_room": "보관할 자리가 모자라 받지 않았습니다",
    "kind": "받지 않는 종류의 파일입니다",
    "empty": "빈 파일입니다",
    "broken": "깨져서 열 수 없습니다",
    "bomb": "지나치게 커서 열지 않았습니다",
    "slow": "열 수 없습니다",
    "gone": "보낸 곳에서 이미 지워졌습니다",
}
NOT_FETCHED = "가져오지 못했습니다"


def shown_files(line: Line, case_id: int, *, is_owner: bool) -> list[dict[str, Any]]:
    """The files of a line for the browser."""
    return [_shown(file, case_id, is_owner=is_owner, is_citizens=line.author_kind == "citizen") for file in line.files]


def _shown(file: File, case_id: int, *, is_owner: bool, is_citizens: bool) -> dict[str, Any]:
    base, is_ready = f"{PATH}/{case_id}/{file.id}", file.state is State.READY
    is_picture = file.kind == "image" and is_ready
    # What was drawn anew is all that there is of a picture of ours; of a citizen's the owner of the case may have the original.
    has_original = is_ready and (file.kind != "image" or (is_owner and is_citizens))
    return {
        "id": file.id,
        "word": word_of(file),
        "thumbnail": f"{base}/{Form.THUMBNAIL.value}" if is_picture else "",
        "picture": f"{base}/{Form.PICTURE.value}" if is_picture else "",
        "original": f"{base}/{Form.ORIGINAL.value}" if has_original else "",
        "position": file.has_position and is_owner,
    }


def sent_as(limits: ChannelLimits) -> str:
    """How a file goes where the channel cannot show it; nothing where it can."""
    if limits.files or not limits.file_links:
        return ""
    return ("PDF" if limits.images else "사진과 PDF") + "는 여는 주소로 갑니다. 72시간 동안 열립니다."


def word_of(file: File) -> str:
    """What it is, how large, and how far it has come, in a few words."""
    family = FAMILY.get(file.kind, "파일")
    name = f"{family} {file.name}".strip()
    if file.state is State.READY:
        return f"{name} · {size_words(file.size_bytes)}"
    if file.state is State.REFUSED:
        return f"{name} · {REFUSED.get(file.reason, NOT_FETCHED)}"
    if file.state is State.EXPIRED:
        return f"{family} · 보관 기한이 지나 지워졌습니다"
    return f"{name} · 가져오는 중" if file.state is State.WAITING else f"{name} · 여는 중"


def size_words(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} KB"
