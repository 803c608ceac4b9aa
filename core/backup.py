"""A backup is one file: the database as ``pg_dump`` sees it at one moment, the keys sealed with a passphrase, and a manifest with both digests.

Personal columns are sealed inside the dump already, so without the passphrase the file gives nobody's words away. Restoring puts the old schema
aside first and back again if anything fails, so that what was there is lost only once the new state has been opened and checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from psycopg.conninfo import conninfo_to_dict

from core.clock import now
from core.errors import StartError
from core.postgres_host import find_binaries

FORMAT = 1
MANIFEST, DUMP, KEYS = "manifest.json", "database.dump", "keys.sealed"
SHORTEST_PASSPHRASE = 12
SALT_BYTES = NONCE_BYTES = 16
#: RFC 7914's parameters for a file: about a tenth of a second and 32 MB for each guess.
COST = {"n": 2**15, "r": 8, "p": 1}
ASIDE = "before_restore"
_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    created_at: str
    revision: str
    dump_sha256: str
    keys_sha256: str
    format: int = FORMAT


def write(dsn: str, key_file: Path, target: Path, passphrase: str) -> Manifest:
    """Write a backup; the file appears under its name only when it is whole (0600).

    Raises:
        StartError: the passphrase is short, the target exists or cannot be written, or the database cannot be read.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise StartError(f"The passphrase needs at least {SHORTEST_PASSPHRASE} characters (GILDONGMU_BACKUP_PASSPHRASE).")
    if target.exists():
        raise StartError(f"{target} is there already; give another name.")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            dump = Path(folder) / DUMP
            _program("pg_dump", dsn, ["--format=custom", "--no-owner", "--no-privileges", "--schema=public", "--file", str(dump)])
            # After the dump: keys are only ever added, so these open everything in it.
            keys = _seal(key_file.read_bytes(), passphrase)
            manifest = Manifest(now().isoformat(), _revision(dsn), _digest(dump), hashlib.sha256(keys).hexdigest())
            whole = Path(folder) / "whole.tar"
            with tarfile.open(whole, "w") as archive:
                for name, content in ((MANIFEST, json.dumps(vars(manifest), indent=1).encode()), (KEYS, keys)):
                    entry = tarfile.TarInfo(name)
                    entry.size, entry.mode = len(content), 0o600
                    archive.addfile(entry, io.BytesIO(content))
                archive.add(dump, DUMP, filter=_nobody)
            whole.chmod(0o600)
            with whole.open("rb+") as file:
                os.fsync(file.fileno())
            os.link(whole, target)
    except OSError as error:
        raise StartError(f"The backup {target} cannot be written ({error.strerror or error}).") from error
    return manifest


@contextlib.contextmanager
def opened(source: Path, passphrase: str) -> Iterator[tuple[Manifest, Path, bytes]]:
    """The manifest, the dump in a temporary folder, and the content of the key file, all checked.

    Raises:
        StartError: not a backup, damaged, of a newer format, or another passphrase.
    """
    with tempfile.TemporaryDirectory(prefix="gildongmu-restore-") as folder:
        try:
            with tarfile.open(source, "r:") as archive:
                for name in (MANIFEST, KEYS, DUMP):
                    archive.extract(archive.getmember(name), folder, filter="data")
            manifest = Manifest(**json.loads((Path(folder) / MANIFEST).read_bytes()))
            keys = (Path(folder) / KEYS).read_bytes()
        except (OSError, tarfile.TarError, KeyError, ValueError, TypeError) as error:
            raise StartError(f"{source} is not a backup of this program, or it is damaged.") from error
        if manifest.format != FORMAT:
            raise StartError(f"{source} was written by another version of this program (format {manifest.format}).")
        dump = Path(folder) / DUMP
        if _digest(dump) != manifest.dump_sha256 or hashlib.sha256(keys).hexdigest() != manifest.keys_sha256:
            raise StartError(f"{source} is damaged: its content is not what was written.")
        yield manifest, dump, _unseal(keys, passphrase)


@contextlib.contextmanager
def replaced(dsn: str, dump: Path) -> Iterator[None]:
    """The dump in the place of what is in the database; what was there comes back if the block fails, and goes when it ends well.

    Raises:
        StartError: the dump cannot be restored.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (ASIDE,)).fetchone():  # its only copy
            raise StartError(f"An earlier restore was cut off. What was there before it stands in the schema {ASIDE}: put it back, or drop it, by hand first.")
        with connection.transaction():
            connection.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}")  # the dump brings its own
        try:
            _program("pg_restore", dsn, ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname", _address(dsn), str(dump)])
            yield
        except BaseException:
            with connection.transaction():
                connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
                connection.execute(f"ALTER SCHEMA {ASIDE} RENAME TO public")
            raise
        connection.execute(f"DROP SCHEMA {ASIDE} CASCADE")


def _program(name: str, dsn: str, arguments: list[str]) -> None:
    parts = conninfo_to_dict(dsn)
    environment = {key: os.environ[key] for key in ("PATH", "HOME", "LD_LIBRARY_PATH") if key in os.environ}
    environment |= {_ENVIRONMENT[key]: str(value) for key, value in parts.items() if key in _ENVIRONMENT and value is not None}
    done = subprocess.run([str(find_binaries() / name), *arguments], env=environment | {"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartError(f"{name} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")


def _address(dsn: str) -> str:
    """The name of the database alone; where it is and the password go through the environment, which other accounts cannot read."""
    return str(conninfo_to_dict(dsn).get("dbname") or "postgres")


def _revision(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _derived(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, **COST).derive(passphrase.encode()))


def _seal(content: bytes, passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    return salt + nonce + _derived(passphrase, salt).encrypt(nonce, content, KEYS.encode())


def _unseal(blob: bytes, passphrase: str) -> bytes:
    salt, nonce, sealed = blob[:SALT_BYTES], blob[SALT_BYTES : SALT_BYTES + NONCE_BYTES], blob[SALT_BYTES + NONCE_BYTES :]
    try:
        return _derived(passphrase, salt).decrypt(nonce, sealed, KEYS.encode())
    except (InvalidTag, ValueError) as error:
        raise StartError("The passphrase is not the one that this backup was made with.") from error


def tables_with_rows(dsn: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Which of these tables hold something; a table that does not exist holds nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        have = {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in names if name in have}  # noqa: S608
    return {name: count[0] for name, count in counts.items() if count and count[0]}
