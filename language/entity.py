"""What a span of a message means: the one record that all finders of entities share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entity:
    """A span of the normalised text.

    `value` is an ISO code (country), the place's name in answers (city), the name in `missions.csv` (mission), an id (document), `300 USD` (money), E.164
    (phone), 1 to 4 or `special` (alarm level), an ISO date or `relative` (date). A relative date has an `offset`, which
    `language.date_meaning.resolve` counts from a day.
    """

    kind: str
    text: str
    value: str
    start: int
    end: int
    country: str | None = None
    offset: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entity:
        """The inverse of `to_dict`."""
        return cls(data["kind"], data["text"], data["value"], int(data["start"]), int(data["end"]), data.get("country"), data.get("offset"))
