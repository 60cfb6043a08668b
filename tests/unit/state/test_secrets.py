"""Sign-in caches: sealed, bound to their account, never lost in a race, and moved to a new key."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import given

from engine.errors import UserError
from state.accounts import disconnect_account
from state.database import reading, writing
from state.secrets import (
    Sealed,
    TokenCache,
    TokenCaches,
    Vault,
    add_key,
    create_key_file,
    drop_old_keys,
    read_key_file,
)
from state.tables import TOKEN_CACHE

SECRET = "refresh-token-canary-Zoë"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "tandem.key"
    create_key_file(path)
    return path


@pytest.fixture
def caches(engine: sa.Engine, key_file: Path) -> Iterator[TokenCaches]:
    yield TokenCaches(engine, read_key_file(key_file))
    with writing(engine) as connection:
        connection.execute(sa.delete(TOKEN_CACHE))


def vault(seed: int = 1) -> Vault:
    return Vault(str(seed), {str(seed): bytes([seed]) * 32})


# ---- sealing ----


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_was_sealed_is_opened(secret: bytes, org: str, account: str) -> None:
    """Opening gives back the very bytes, for any organisation and account."""
    assert vault().open(vault().seal(secret, org, account), org, account) == secret


@pytest.mark.parametrize("place", [("o", "b"), ("p", "a"), ("", "oa"), ('o", "a', "")])
def test_a_seal_is_bound_to_its_account(place: tuple[str, str]) -> None:
    """A row copied to another account or organisation can't be opened there."""
    sealed = vault().seal(b"secret", "o", "a")
    with pytest.raises(UserError, match="altered, or moved"):
        vault().open(sealed, *place)


def test_an_altered_seal_is_not_opened() -> None:
    """Any flipped bit, and any shortening, is noticed."""
    sealed = vault().seal(b"secret", "o", "a").content
    for number in range(len(sealed)):
        flipped = sealed[:number] + bytes([sealed[number] ^ 1]) + sealed[number + 1 :]
        for content in (flipped, sealed[:number]):
            with pytest.raises(UserError, match="altered, or moved"):
                vault().open(Sealed("1", content), "o", "a")


def test_another_key_does_not_open() -> None:
    """A wrong key under the right name fails; a missing one is named as missing."""
    sealed = vault(1).seal(b"secret", "o", "a")
    with pytest.raises(UserError, match="altered, or moved"):
        Vault("1", {"1": b"x" * 32}).open(sealed, "o", "a")
    with pytest.raises(UserError, match="not in the key file"):
        vault(2).open(sealed, "o", "a")


def test_the_same_secret_never_looks_the_same() -> None:
    """Each sealing takes a fresh nonce."""
    assert len({vault().seal(b"secret", "o", "a").content for _ in range(50)}) == 50


def test_secrets_are_not_shown() -> None:
    """Neither keys nor tokens appear when a value is printed, as it would be in a log or a traceback."""
    assert "\\x01" not in repr(vault())
    assert SECRET not in repr(TokenCache(SECRET, 1))


# ---- the key file ----


def test_the_key_file_is_private(key_file: Path) -> None:
    """It is made for its owner only, and refused when others may read it."""
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    key_file.chmod(0o640)
    with pytest.raises(UserError, match="can be read by others") as problem:
        read_key_file(key_file)
    assert "chmod 600" in problem.value.hint


def test_the_key_file_is_never_overwritten(key_file: Path, tmp_path: Path) -> None:
    """Making it twice would lose every sign-in; a folder that is missing is named."""
    before = key_file.read_bytes()
    with pytest.raises(UserError, match="There is a key file at"):
        create_key_file(key_file)
    assert key_file.read_bytes() == before
    with pytest.raises(UserError, match="can't be made"):
        create_key_file(tmp_path / "nowhere" / "key")


@pytest.mark.parametrize("text", ["", "1", "1 not-base64!", "1 c2hvcnQ=", "1 a b", "\x00\xff"])
def test_a_damaged_key_file_says_so(key_file: Path, text: str) -> None:
    """A file with anything but whole keys is refused with advice."""
    key_file.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="damaged"):
        read_key_file(key_file)


def test_a_missing_key_file_says_so(tmp_path: Path) -> None:
    """The message names the path and what to do."""
    with pytest.raises(UserError, match="nowhere is missing") as problem:
        read_key_file(tmp_path / "nowhere")
    assert "backup" in problem.value.hint


def test_keys_change_without_losing_sign_ins(key_file: Path) -> None:
    """A new key seals from now on; the old one opens until it is dropped."""
    old = read_key_file(key_file).seal(b"secret", "o", "a")
    assert add_key(key_file).current == "2"
    both = read_key_file(key_file)
    assert both.open(old, "o", "a") == b"secret"
    assert both.seal(b"secret", "o", "a").key_id == "2"
    drop_old_keys(key_file)
    with pytest.raises(UserError, match="not in the key file"):
        read_key_file(key_file).open(old, "o", "a")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


# ---- token caches ----


def test_a_cache_comes_back_as_it_was(caches: TokenCaches, org: str) -> None:
    """A stored cache is loaded with its version; before that there is an empty one."""
    assert caches.load(org, "anna") == TokenCache("", 0)
    assert caches.store(org, "anna", SECRET, 0) == TokenCache(SECRET, 1)
    assert caches.load(org, "anna") == TokenCache(SECRET, 1)
    assert caches.store(org, "anna", "next", 1) == TokenCache("next", 2)
    assert caches.load(org, "ben") == TokenCache("", 0)


def test_no_token_is_in_the_database(caches: TokenCaches, org: str) -> None:
    """What is stored holds no part of the secret."""
    caches.store(org, "anna", SECRET, 0)
    with reading(caches.engine) as connection:
        [sealed] = connection.execute(sa.select(TOKEN_CACHE.c.sealed)).scalars()
    assert SECRET.encode() not in sealed
    assert b"canary" not in sealed


def test_of_two_who_store_one_wins(caches: TokenCaches, org: str) -> None:
    """A rotated refresh token is never overwritten by a worker that read the older cache."""
    caches.store(org, "anna", "first", 0)
    assert caches.store(org, "anna", "again first", 0) is None
    barrier, stored = threading.Barrier(4), list[TokenCache]()

    def refresh(number: int) -> None:
        barrier.wait()
        kept = caches.store(org, "anna", f"token {number}", 1)
        if kept is not None:
            stored.append(kept)

    threads = [threading.Thread(target=refresh, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [caches.load(org, "anna")] == stored


def test_a_swapped_row_is_not_opened(caches: TokenCaches, org: str) -> None:
    """Somebody who can write the database still can't act as another user."""
    caches.store(org, "anna", SECRET, 0)
    with writing(caches.engine) as connection:
        connection.execute(sa.update(TOKEN_CACHE).values(account_id="ben"))
    with pytest.raises(UserError, match="altered, or moved"):
        caches.load(org, "ben")


def test_a_disconnected_account_has_no_cache(caches: TokenCaches, org: str) -> None:
    """Disconnecting destroys the tokens, and a late worker can't put them back."""
    caches.store(org, "anna", SECRET, 0)
    disconnect_account(caches.engine, org, "anna")
    assert caches.load(org, "anna") == TokenCache("", 0)
    for version in (0, 1):
        with pytest.raises(UserError, match="anna is not connected"):
            caches.store(org, "anna", SECRET, version)


def test_rotation_seals_everything_anew(caches: TokenCaches, org: str, key_file: Path) -> None:
    """After a rotation the old key can be dropped; the caches and their versions are as before."""
    caches.store(org, "anna", "a", 0)
    caches.store(org, "ben", "b", 0)
    rotating = TokenCaches(caches.engine, add_key(key_file))
    assert rotating.rotate() == 2
    assert rotating.rotate() == 0
    only_new = TokenCaches(caches.engine, drop_old_keys(key_file))
    assert only_new.load(org, "anna") == TokenCache("a", 1)
    assert only_new.load(org, "ben") == TokenCache("b", 1)
