"""Keys: made once, their owner's alone, never replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from truetune.errors import GuardError
from truetune.objectives.guard import keys
from truetune.objectives.guard.places import Places


def test_key_is_made_once_and_is_its_owners_alone(vault: Path) -> None:
    first = keys.create(Places.here())
    assert (vault / "key").stat().st_mode & 0o777 == 0o600
    assert first == keys.create(Places.here()) == keys.read(Places.here())
    assert len(first) == 32


def test_two_machines_have_two_keys(tmp_path: Path) -> None:
    assert keys.create(Places(tmp_path / "a")) != keys.create(Places(tmp_path / "b"))


def test_of_many_that_make_a_key_at_once_all_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.create(Places(tmp_path)), range(32)))
    assert len(made) == 1


def test_key_that_others_may_read_is_shut(vault: Path) -> None:
    keys.create(Places.here())
    (vault / "key").chmod(0o644)
    keys.read(Places.here())
    assert (vault / "key").stat().st_mode & 0o777 == 0o600


def test_missing_key_is_not_replaced_where_something_is_sealed(vault: Path) -> None:
    keys.create(Places.here())
    (vault / "vault" / "abc").mkdir()
    (vault / "vault" / "abc" / "manifest.json").touch()
    (vault / "key").unlink()
    with pytest.raises(GuardError, match="cannot be read") as caught:
        keys.create(Places.here())
    assert "backup" in caught.value.fix
    assert not (vault / "key").exists()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_damaged_key_is_refused(content: bytes, vault: Path) -> None:
    keys.create(Places.here())
    (vault / "key").write_bytes(content)
    with pytest.raises(GuardError, match=f"has {len(content)}"):
        keys.read(Places.here())


def test_derived_key_is_that_of_rfc_5869() -> None:
    # HKDF with SHA-256 by its definition, for one block of output.
    import hashlib
    import hmac

    key, purpose = bytes(range(32)), b"rows"
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    expected = hmac.digest(extracted, b"truetune " + purpose + b"\x01", hashlib.sha256)
    assert keys.derived(key, purpose) == expected


def test_each_purpose_has_a_key_of_its_own() -> None:
    derived = {keys.derived(bytes(32), p) for p in (keys.CELLS, keys.ROWS, keys.NAMES)}
    assert len(derived) == 3
