"""What can go wrong with the ministry's API, as codes: never an address, since the key stands in it."""

from __future__ import annotations


class OpenDataError(Exception):
    """A fetch that did not succeed.

    ``is_passing``: worth another try within this fetch. ``can_resume``: what was fetched stays good, and a later run goes on there.
    """

    def __init__(self, code: str, detail: str = "", *, is_passing: bool = False, can_resume: bool = True) -> None:
        self.code = code
        self.is_passing = is_passing
        self.can_resume = can_resume
        super().__init__(f"{code}: {detail}" if detail else code)


class SyncBusy(Exception):
    """Another process is synchronising."""


#: Result codes of the services (old: numbers with a minus) and of the portal's gateway (two digits), by what they mean for us.
CODES: dict[str, tuple[str, bool]] = {
    "-1": ("system", True),
    "-2": ("bad_parameter", False),
    "-3": ("no_service", False),
    "-4": ("key_unknown", False),
    "-9": ("closed", False),
    "-10": ("quota", False),
    "-401": ("key_unknown", False),
    "-999": ("system", True),
    "1": ("system", True),
    "2": ("system", True),
    "4": ("system", True),
    "5": ("timeout", True),
    "10": ("bad_parameter", False),
    "11": ("bad_parameter", False),
    "12": ("no_service", False),
    "20": ("refused", False),
    "21": ("refused", False),
    "22": ("quota", False),
    "23": ("traffic", True),
    "30": ("key_unknown", False),
    "31": ("key_expired", False),
    "32": ("address_unknown", False),
    "33": ("refused", False),
    "99": ("system", True),
}
SUCCESS = frozenset({"0", "00", "000", "0000"})


def by_code(raw: object) -> OpenDataError:
    """The error for a result code, whether it came as a number or as text, with or without a leading nought."""
    text = str(raw).strip()
    plain = text.lstrip("0") if not text.startswith("-") else text
    code, is_passing = CODES.get(plain, ("unknown_code", False))
    return OpenDataError(code, f"result code {text[:8]}", is_passing=is_passing)
