"""Files that this program writes for its user: a first space, a winner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..spaces import __file__ as spaces_file
from ..spaces.extending import resolved

if TYPE_CHECKING:
    from ..objectives.drafting import Draft


def write_draft(
    source: str, target: str | None, out: Path | None, query: str | None = None
) -> tuple[Path, Draft]:
    """Write a first experiment file for a source; return its path and what is in it.

    Raises:
        InputError: the source cannot be used, or the file is there already.
    """
    from ..objectives import drafting, pictures, sources
    from ..spaces.experiment import Data

    if not source:
        raise sources.unknown(source)
    paths = resolved({"source": source, "target": target or None}, Path.cwd())
    path = out or Path(f"{drafting.study_name(source)}.yaml")
    _refuse_to_overwrite(path)
    preprocess = {}
    if pictures.is_pictures(paths["source"]):
        preprocess = {"size": pictures.propose_size(pictures.survey(paths["source"]))}
    data = Data.model_validate({**paths, "query": query or None, "preprocess": preprocess})
    in_file = {"source": path_from(path, data.source)}
    if data.target is not None and data.source.endswith(".npy"):  # its targets are in another
        in_file["target"] = path_from(path, data.target)
    draft = drafting.draft(data, in_file)
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
