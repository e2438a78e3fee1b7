"""What has changed between two versions of a file, in words: widened, narrowed, added, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .writing import inline

_ABSENT = object()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return a line for each change between two identities. See `Experiment.identity`."""
    rest = _plain(_without_parameters(old), _without_parameters(new), "")
    return rest + _parameters(old.get("parameters", {}), new.get("parameters", {}))


def _without_parameters(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in identity.items() if key != "parameters"}


def _plain(old: Any, new: Any, where: str) -> list[str]:
    """Return a line for each value in which two nested mappings differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [*old, *(key for key in new if key not in old)]
        return [
            line
            for key in keys
            for line in _plain(
                old.get(key, _ABSENT), new.get(key, _ABSENT), f"{where}.{key}".lstrip(".")
            )
        ]
    if _same(old, new) or (_says_nothing(old) and _says_nothing(new)):
        return []
    return [f"{where}: {_change(old, new)}"]


def _says_nothing(value: Any) -> bool:
    """A key without a value is none: a study may be older than the key."""
    return value is _ABSENT or value in (None, {}, [])


def _same(old: Any, new: Any) -> bool:
    """1, 1.0 and true are three values in a file."""
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _change(old: Any, new: Any) -> str:
    if old is _ABSENT:
        return f"added, is {inline(new)}"
    if new is _ABSENT:
        return f"removed, was {inline(old)}"
    return f"was {inline(old)}, is {inline(new)}"


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in [*old, *(name for name in new if name not in old)]:
        was, is_now = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if was == is_now and _same(was, is_now):
            continue
        lines.append(f"parameters.{name}: {_parameter(was, is_now)}")
    return lines


def _parameter(old: Any, new: Any) -> str:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return _change(old, new)
    if old.get("type") != new.get("type"):
        return _change(old, new)
    keys = [*old, *(key for key in new if key not in old)]
    changed = [k for k in keys if old.get(k, _ABSENT) != new.get(k, _ABSENT)]
    parts = []
    if {"low", "high"} & set(changed):
        wider = new["low"] <= old["low"] and new["high"] >= old["high"]
        narrower = new["low"] >= old["low"] and new["high"] <= old["high"]
        word = "widened" if wider else "narrowed" if narrower else "moved"
        ranges = [f"[{inline(x['low'])}, {inline(x['high'])}]" for x in (old, new)]
        parts.append(f"{word}, was {ranges[0]}, is {ranges[1]}")
    if "choices" in changed:
        parts += _choices(old["choices"], new["choices"])
    rest = [key for key in changed if key not in ("low", "high", "choices")]
    parts += [f"`{k}` {_change(old.get(k, _ABSENT), new.get(k, _ABSENT))}" for k in rest]
    return "; ".join(parts)


def _choices(old: list[Any], new: list[Any]) -> list[str]:
    added = [choice for choice in new if choice not in old]
    removed = [choice for choice in old if choice not in new]
    parts = [f"widened by the choices {inline(added)}"] if added else []
    parts += [f"narrowed, without the choices {inline(removed)}"] if removed else []
    return parts or [f"choices in another order, was {inline(old)}, is {inline(new)}"]
