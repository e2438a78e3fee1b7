"""Cipher: what is changed does not open."""

from __future__ import annotations

import os

import pytest

from truetune.objectives.guard import cipher
from truetune.objectives.guard.cipher import decrypted, encrypted

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.mark.parametrize("n_bytes", [0, 1, 99, 100, 101, 250, 300])
def test_what_is_encrypted_opens_again(n_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "PART_BYTES", 100)
    content = os.urandom(n_bytes)
    assert decrypted(encrypted(content, KEY, b"label"), KEY, b"label") == content


def test_one_part_is_plain_aes_gcm() -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    made = encrypted(b"content", KEY, b"label")
    nonce = made[:7] + bytes(4) + b"\x01"
    assert AESGCM(KEY).decrypt(nonce, made[7:], b"label") == b"content"


def test_every_changed_bit_is_noticed() -> None:
    made = encrypted(b"content", KEY, b"label")
    for i in range(8 * len(made)):
        changed = bytearray(made)
        changed[i // 8] ^= 1 << i % 8
        with pytest.raises(ValueError, match="does not open"):
            decrypted(bytes(changed), KEY, b"label")


def test_another_key_or_label_does_not_open() -> None:
    made = encrypted(b"content", KEY, b"label")
    for key, label in ((OTHER, b"label"), (KEY, b"lab"), (KEY, b"")):
        with pytest.raises(ValueError, match="does not open"):
            decrypted(made, key, label)


def test_parts_cannot_be_dropped_repeated_or_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "PART_BYTES", 10)
    made = encrypted(bytes(30), KEY, b"")
    prefix, parts = made[:7], [made[7 + 26 * i : 33 + 26 * i] for i in range(3)]
    for order in ((0, 1), (1, 2), (0, 2), (1, 0, 2), (0, 0, 1, 2), (0, 1, 2, 2), (2,), ()):
        with pytest.raises(ValueError, match="does not open"):
            decrypted(prefix + b"".join(parts[i] for i in order), KEY, b"")


def test_a_file_cut_to_nothing_does_not_open() -> None:
    for content in (b"", b"1234567"):
        with pytest.raises(ValueError, match=r"short|does not open"):
            decrypted(content, KEY, b"")


def test_the_same_content_is_never_encrypted_to_the_same() -> None:
    assert encrypted(b"content", KEY, b"") != encrypted(b"content", KEY, b"")
