"""What a line says, as it is sealed."""

from __future__ import annotations

import dataclasses
import json

import pytest

from conversation import schemas
from conversation.schemas import Body, Button, Phone, SentFile, SourceCard

WHOLE = Body(
    "여권 수수료는 53,000원입니다.",
    kind="answer",
    buttons=(Button("상담관 연결", "person"), Button("다른 질문")),
    source=SourceCard("여권 수수료 안내", "2026-01-01", "https://example.org/여권", "외교부", "fee", past=True),
    phones=(Phone("영사안전콜센터", "+82-2-3210-0404"),),
    location_url="https://example.org/l/1",
    file=SentFile(3, "image", "지도.png", "/files/3"),
)


@pytest.mark.parametrize("body", [Body("네"), WHOLE])
def test_it_is_written_as_its_fields_stand(body: Body) -> None:
    assert body.to_json() == json.dumps(dataclasses.asdict(body), ensure_ascii=False)


def test_its_parts_are_not_copied_before_they_are_written() -> None:
    """The copies took three times as long as the writing."""
    assert not hasattr(schemas, "asdict")
