"""Sign-in caches at rest: sealed with a key that never enters the database, bound to organisation and account."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import UserError
from state.database import reading, writing
from state.tables import ACCOUNT, TOKEN_CACHE

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12

Random = Callable[[int], bytes]
"""Random bytes, so many."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """``content`` is the nonce followed by the AES-GCM ciphertext."""

    key_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys by id; new secrets are sealed with the ``current`` one, the others open what is older."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    random: Random = os.urandom

    def seal(self, secret: bytes, org: str, account: str) -> Sealed:
        nonce = self.random(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, secret, _bound_to(org, account))
        return Sealed(self.current, nonce + sealed)

    def open(self, sealed: Sealed, org: str, account: str) -> bytes:
        """Raises UserError when the key is missing, or the row was altered or belongs to another account."""
        key = self.keys.get(sealed.key_id)
        if key is None:
            raise UserError("The key that sealed a stored sign-in is not in the key file.", _RESTORE)
        nonce, content = sealed.content[:NONCE_BYTES], sealed.content[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, content, _bound_to(org, account))
        except (InvalidTag, ValueError):
            raise UserError(_SHUT, _RESTORE) from None


_SHUT: Final = "A stored sign-in can't be opened: it was altered, or moved, or the key file is another one."
_RESTORE: Final = "Restore the key file from its own backup, or connect the user again."
_RESTORE_ALL: Final = (
    "Restore it from its own backup. Without one, move aside what is left of it; `tandem init FOLDER` makes a new key, "
    "and every user has to connect again."
)


def _bound_to(org: str, account: str) -> bytes:
    return json.dumps(["tandem token cache", org, account]).encode()


# ---- the key file ---------------------------------------------------------------------------------------------


def create_key_file(path: Path, random: Random = os.urandom) -> Vault:
    """Make a key file that only its owner may read. Raises UserError when there is one already."""
    vault = Vault("1", {"1": random(KEY_BYTES)}, random)
    try:
        _write(path, vault)
    except FileExistsError:
        raise UserError(f"There is a key file at {path} already.", "Keep it: stored sign-ins need it.") from None
    except OSError as problem:
        raise UserError(f"The key file {path} can't be made: {problem.strerror}.", "Make its folder first.") from None
    return vault


def read_key_file(path: Path, random: Random = os.urandom) -> Vault:
    """The vault of a key file: one key per line, ``id base64``, the current one first. Raises UserError when it is
    missing, malformed or readable by others."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split("\n")
        pairs = [line.split() for line in lines if line.strip()]
        keys = {name: base64.b64decode(text, validate=True) for name, text in pairs}
    except FileNotFoundError:
        raise UserError(f"The key file {path} is missing.", _RESTORE_ALL) from None
    except OSError as problem:
        raise UserError(
            f"The key file {path} can't be read: {problem.strerror}.", "Correct its permissions and owner."
        ) from None
    except ValueError:
        raise UserError(f"The key file {path} is damaged.", _RESTORE_ALL) from None
    if mode & 0o077:
        raise UserError(f"The key file {path} can be read by others.", f"Run: chmod 600 {path}")
    if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
        raise UserError(f"The key file {path} is damaged.", _RESTORE_ALL)
    return Vault(pairs[0][0], keys, random)


def add_key(path: Path, random: Random = os.urandom) -> Vault:
    """Put a fresh key first in the file, for :meth:`TokenCaches.rotate`; the old ones stay until then."""
    before = read_key_file(path, random)
    name = str(max((int(id) for id in before.keys if id.isdigit()), default=0) + 1)
    vault = Vault(name, {name: random(KEY_BYTES), **before.keys}, random)
    _replace(path, vault)
    return vault


def drop_old_keys(path: Path) -> Vault:
    """Keep the current key only: what older keys sealed, in backups too, can't be opened any more."""
    before = read_key_file(path)
    vault = Vault(before.current, {before.current: before.keys[before.current]}, before.random)
    _replace(path, vault)
    return vault


def _replace(path: Path, vault: Vault) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    _write(fresh, vault)
    fresh.replace(path)


def _write(path: Path, vault: Vault) -> None:
    text = "".join(f"{name} {base64.b64encode(key).decode()}\n" for name, key in vault.keys.items())
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


# ---- token caches ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TokenCache:
    """An account's sign-in cache as msal serialises it. ``version`` 0 means there is none yet."""

    content: str = field(default="", repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class TokenCaches:
    """Sign-in caches in the database."""

    engine: sa.Engine
    vault: Vault

    def load(self, org: str, account: str) -> TokenCache:
        wanted = sa.select(TOKEN_CACHE).where(*_at(org, account))
        with reading(self.engine) as connection:
            row = connection.execute(wanted).mappings().first()
        if row is None:
            return TokenCache()
        secret = self.vault.open(Sealed(row["key_id"], row["sealed"]), org, account)
        return TokenCache(secret.decode("utf-8"), row["version"])

    def store(self, org: str, account: str, content: str, version: int) -> TokenCache | None:
        """Replace the cache that was loaded as ``version``; None when another process stored one since (load it
        again: refresh tokens rotate). Raises UserError for an account that isn't connected or paused."""
        sealed = self.vault.seal(content.encode("utf-8"), org, account)
        fresh = {"sealed": sealed.content, "key_id": sealed.key_id, "version": version + 1}
        with writing(self.engine) as connection:
            owner = sa.select(ACCOUNT.c.status).where(ACCOUNT.c.org_id == org, ACCOUNT.c.account_id == account)
            status = connection.execute(owner.with_for_update()).scalar_one_or_none()
            if status is None or status == "disconnected":
                raise UserError(f"Account {account} is not connected.", "Connect the user first.")
            present = sa.select(TOKEN_CACHE.c.version).where(*_at(org, account))
            if (connection.execute(present).scalar_one_or_none() or 0) != version:
                return None
            connection.execute(sa.delete(TOKEN_CACHE).where(*_at(org, account)))
            connection.execute(sa.insert(TOKEN_CACHE).values(fresh | {"org_id": org, "account_id": account}))
        return TokenCache(content, version + 1)

    def rotate(self) -> int:
        """Seal every cache of the installation with the current key; the number that had an older one."""
        old = sa.select(TOKEN_CACHE).where(TOKEN_CACHE.c.key_id != self.vault.current).with_for_update()
        with writing(self.engine) as connection:
            rows = connection.execute(old).mappings().all()
            for row in rows:
                org, account = row["org_id"], row["account_id"]
                secret = self.vault.open(Sealed(row["key_id"], row["sealed"]), org, account)
                sealed = self.vault.seal(secret, org, account)
                fresh = {"sealed": sealed.content, "key_id": sealed.key_id}
                connection.execute(sa.update(TOKEN_CACHE).where(*_at(org, account)).values(fresh))
        return len(rows)


def _at(org: str, account: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (TOKEN_CACHE.c.org_id == org, TOKEN_CACHE.c.account_id == account)
