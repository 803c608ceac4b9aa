"""What an export says, before and after it is blacked out. Pure records."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True)
class Item:
    """One line: when and what it is, and its text. ``is_free``: words that people wrote, in which others may stand."""

    id: str
    label: str
    text: str = field(repr=False)
    is_free: bool = False


@dataclass(frozen=True)
class Section:
    """Lines of one kind."""

    code: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Document:
    """Everything that is kept about a citizen in one case."""

    case_id: int
    taken_at: str
    sections: tuple[Section, ...]

    def items(self) -> dict[str, Item]:
        """Every line by its id."""
        return {item.id: item for section in self.sections for item in section.items}

    def mapped(self, change: Callable[[Item], str]) -> Document:
        """The same with other texts."""
        sections = tuple(replace(section, items=tuple(replace(item, text=change(item)) for item in section.items)) for section in self.sections)
        return replace(self, sections=sections)

    def to_json(self) -> str:
        """The form that is sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Document:
        """The sealed form, read again."""
        data = json.loads(text)
        sections = tuple(Section(one["code"], one["title"], tuple(Item(**item) for item in one["items"])) for one in data["sections"])
        return cls(data["case_id"], data["taken_at"], sections)
