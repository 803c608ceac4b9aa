"""The training sandbox's data folder: marked when it is made, so that practice and real work can never share one.

The folder decides. An ordinary role refuses a marked folder, the sandbox refuses every other, and a command that is given a marked folder
(``drill``, ``staff invite``) works as in the sandbox.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import StartError
from core.settings import ROOT, Settings

MARKER = "SANDBOX"
WORDS = "교육용 · This folder belongs to a training sandbox of Gildongmu. Nothing in it is about anybody. Delete the whole folder to begin anew.\n"
#: Where the sandbox lives unless it is told.
FOLDER = ROOT / "var-sandbox"


def is_marked(folder: Path) -> bool:
    """Whether a data folder is a sandbox's."""
    return (folder / MARKER).is_file()


def take(folder: Path) -> None:
    """Make a folder a sandbox's, or find that it is one.

    Raises:
        StartError: it holds something else, or cannot be written.
    """
    if is_marked(folder):
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise StartError(f"{folder} is not a training sandbox's folder and not empty: choose another with --data-dir.")
        (folder / MARKER).write_text(WORDS, encoding="utf-8")
    except OSError as error:
        raise StartError(f"The data folder {folder} cannot be written ({error.strerror}): choose another with DATA_DIR or --data-dir.") from error


def check_role(settings: Settings) -> None:
    """Refuse a long-running role on a folder of the other kind.

    Raises:
        StartError: real work on a sandbox's folder, or training on another.
    """
    marked = is_marked(settings.data_dir)
    if marked and not settings.sandbox:
        raise StartError(f"{settings.data_dir} is a training sandbox's folder: start it with `gildongmu serve --sandbox`, or choose another folder.")
    if settings.sandbox and not marked:
        raise StartError(f"{settings.data_dir} is not a training sandbox's folder: `gildongmu serve --sandbox` makes one.")


def check_database(settings: Settings) -> None:
    """Refuse a database that was named: a sandbox keeps its own, in its folder.

    Raises:
        StartError: one was named.
    """
    if settings.sandbox and settings.database_url is not None:
        raise StartError("A training sandbox keeps its own database in its folder: take DATABASE_URL away.")
