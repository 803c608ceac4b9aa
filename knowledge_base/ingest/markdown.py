"""A notice as a Markdown file with YAML front matter."""

from __future__ import annotations

import re

import yaml

from knowledge_base.errors import NoticeError
from knowledge_base.notices import parse_record
from knowledge_base.schemas import NoticeContent

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n---[ \t]*(?:\n(.*))?\Z", re.S)
MOST_FRONT_CHARS = 20_000


class _Loader(yaml.SafeLoader):
    """Days stay text: of one that is none, the notice's rules can name the field."""

    def day(self, node: yaml.ScalarNode) -> str:
        """As it is written."""
        return str(self.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.day)


def read_markdown(raw: bytes, name: str) -> NoticeContent:
    """Parse one file; ``name`` is used where the front matter has no id.

    Raises:
        NoticeError: not UTF-8, no front matter, or a field is wrong.
    """
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NoticeError(name, "the file is not UTF-8") from error
    match = _FRONT.match(text)
    if not match:
        raise NoticeError(name, "the file has no front matter between two lines of ---")
    front = match.group(1)
    if len(front) > MOST_FRONT_CHARS or re.search(r"(^|[\s\[{,:-])[&*][A-Za-z0-9_]", front):
        # An alias can unfold a few lines into gigabytes; nobody needs one here.
        raise NoticeError(name, "the front matter is too long or uses YAML anchors")
    try:
        record = yaml.load(front, Loader=_Loader)  # noqa: S506  (a safe loader)
    except Exception as error:
        # The edge to a library that reads a stranger's text: besides its own errors it lets through whatever its conversions raise.
        raise NoticeError(name, "the front matter is not valid YAML") from error
    if not isinstance(record, dict):
        raise NoticeError(name, "the front matter must be a list of keys and values")
    return parse_record({"id": name, **record, "body": match.group(2) or ""})
