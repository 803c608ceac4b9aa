"""What a citizen is told of a file that could not be taken. Pure."""

from __future__ import annotations

#: The kind of such a line; a guarded citizen's screen shows none.
KIND = "file_notice"
_ELSE = "보내신 파일을 가져오지 못했습니다. 다시 보내거나 내용을 글로 적어 주세요."
_SAID = {
    "too_large": "보내신 파일이 너무 커서 받지 못했습니다. 내용을 글로 적어 주세요.",
    "no_room": "지금은 파일을 더 받을 수 없습니다. 내용을 글로 적어 주세요.",
    "elsewhere": "보내신 동영상은 이 메신저에서 가져올 수 없습니다. 내용을 글로 적어 주세요.",
    "kind": "받을 수 없는 종류의 파일입니다. 내용을 글로 적어 주세요.",
    "empty": "보내신 파일이 비어 있습니다. 다시 보내거나 내용을 글로 적어 주세요.",
    "broken": "보내신 사진을 열 수 없습니다. 다시 보내거나 내용을 글로 적어 주세요.",
    "bomb": "보내신 사진이 너무 커서 열 수 없습니다. 내용을 글로 적어 주세요.",
    "slow": "보내신 사진을 열 수 없습니다. 다시 보내거나 내용을 글로 적어 주세요.",
}


def refusal(reason: str) -> str:
    """The sentence for a reason; every other one is a way that failed."""
    return _SAID.get(reason, _ELSE)
