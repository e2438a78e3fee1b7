"""Files that this program writes for its user: a first space, a winner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..spaces import __file__ as spaces_file

if TYPE_CHECKING:
    from ..objectives.drafting import Draft


def write_draft(data: str, target: str | None, out: Path | None) -> tuple[Path, Draft]:
    """Write a first experiment file for a source; return its path and what is in it.

    Raises:
        InputError: the source cannot be used, or the file is there already.
    """
    from ..objectives import drafting, sources

    is_built_in = sources.built_in_name(data) is not None
    source = data if is_built_in else str(Path(data).resolve())
    name = sources.built_in_name(data) or Path(data).stem
    path = out or Path(f"{name}.yaml")
    _refuse_to_overwrite(path)
    draft = drafting.draft(source, target, path_from(path, source))
    schema = path_from(path, str(Path(spaces_file).parent / "schema.json"))
    draft = draft._replace(text=f"# yaml-language-server: $schema={schema}\n{draft.text}")
    save(draft.text, path)
    return path, draft


def path_from(file: Path | None, source: str) -> str:
    """Return a source as a file says it: a path relative to the file, where it is one."""
    if file is None or not Path(source).is_absolute():
        return source
    path = os.path.relpath(source, file.resolve().parent)
    return path if "/" in path else f"./{path}"


def save(text: str, path: Path) -> None:
    """Write a new file. Raises InputError where there is one, or none can be."""
    _refuse_to_overwrite(path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}).", "Give another place with --out."
        ) from None


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path} is there already.", "Give another name with --out.")
