"""Authenticated encryption of what is too large for one message: AES-256-GCM, part by part.

Each part's number, and whether it is the last, is bound to it, so that none can be dropped,
repeated or moved (the STREAM construction: Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015).
"""

from __future__ import annotations

import secrets

PART_BYTES = 2**26
_N_PREFIX, _N_COUNTER, _N_TAG = 7, 4, 16  # bytes; a nonce is prefix, counter and last-flag


def encrypted(content: bytes, key: bytes, bound: bytes) -> bytes:
    """Encrypt, so that it opens only with the same key and the same `bound` bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, prefix = AESGCM(key), secrets.token_bytes(_N_PREFIX)
    starts = range(0, max(len(content), 1), PART_BYTES)
    parts = [
        cipher.encrypt(
            _nonce(prefix, i, i == len(starts) - 1), content[start : start + PART_BYTES], bound
        )
        for i, start in enumerate(starts)
    ]
    return prefix + b"".join(parts)


def decrypted(content: bytes, key: bytes, bound: bytes) -> bytes:
    """Return what `encrypted` was given. Raises ValueError where anything of it was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, prefix, body = AESGCM(key), content[:_N_PREFIX], content[_N_PREFIX:]
    if len(prefix) < _N_PREFIX:
        raise ValueError("it is too short")
    starts = range(0, max(len(body), 1), PART_BYTES + _N_TAG)
    try:
        parts = [
            cipher.decrypt(
                _nonce(prefix, i, i == len(starts) - 1),
                body[start : start + PART_BYTES + _N_TAG],
                bound,
            )
            for i, start in enumerate(starts)
        ]
    except InvalidTag:
        raise ValueError("it does not open with this key and label") from None
    return b"".join(parts)


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(_N_COUNTER, "big") + bytes([is_last])
