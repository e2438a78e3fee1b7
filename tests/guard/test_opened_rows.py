"""What fails while test rows are open quotes no cell of them: each has a canary in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from truetune.errors import GuardError, InputError, TuneError
from truetune.objectives.guard import sealing
from truetune.objectives.guard.examination import examine, examined
from truetune.objectives.guard.redaction import redacted
from truetune.objectives.splits import split_rows
from truetune.objectives.table import Table
from truetune.spaces import load

FLAT = Path(__file__).parents[1] / "flat.yaml"
CANARY = "CANARY-7f3a"
DATA = {
    "data.columns": {"day": "date", "note": "text"},
    "data.split": {"time": "none"},
    "training.epochs": 1,
    "training.early_stopping": None,
}


def rows(n: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n).round(6), "b": rng.normal(size=n).round(6)})
    frame["level"] = rng.choice(["low", "high"], n)
    frame["day"] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), unit="D")).strftime(
        "%Y-%m-%d"
    )
    frame["note"] = rng.choice(["red fox", "blue hen"], n)
    frame["y"] = rng.normal(size=n).round(6)
    return frame


@pytest.fixture(scope="module")
def study(make_examinable: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A regression whose every test row, and no other, has the canary as its level."""
    folder = tmp_path_factory.mktemp("study")
    frame = rows()
    settings = {"data.source": str(folder / "rows.csv"), "data.target": "y", "task": "regression"}
    experiment = load(FLAT, {**DATA, **settings, "data.split.stratify": None})
    inputs = frame.drop(columns="y").assign(level=frame["level"].astype("category"))
    table = Table(inputs[["a", "b"]], frame["y"].to_numpy())
    test = split_rows(table, experiment.data.split, "regression").test
    frame.loc[test, "level"] = CANARY
    frame.to_csv(folder / "rows.csv", index=False)
    made = make_examinable(folder, experiment)
    assert made.development.seal.n_rows == len(test)
    return made


def new(folder: Path, change: Callable[[pd.DataFrame], Any]) -> str:
    """Write new rows, something about the fourth of them changed."""
    frame = rows(60, seed=1).astype(object)
    change(frame)
    frame.to_csv(folder / "new.csv", index=False)
    return str(folder / "new.csv")


def failure(work: Callable[[], Any], kind: type[TuneError] = InputError) -> TuneError:
    with pytest.raises(kind) as caught:
        work()
    said = caught.value.cause + caught.value.fix
    assert CANARY not in said
    assert CANARY[:6] not in said
    return caught.value


def test_fixture_has_the_canary_in_the_sealed_rows_and_nowhere_else(study: Any) -> None:
    sealed = sealing.open_rows(study.places, study.request.seal, study.request.manifest_sha256)
    assert isinstance(sealed.inputs, pd.DataFrame)
    assert set(sealed.inputs["level"]) == {CANARY}
    kept = Path(study.request.study_data)
    assert all(CANARY.encode() not in path.read_bytes() for path in kept.iterdir())


def test_answer_names_no_level_though_the_shift_is_in_it(study: Any) -> None:
    answered = examine(study.request)
    assert answered["shift"]["columns"][0][0] == "level"
    assert CANARY not in json.dumps(answered)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: f.__setitem__("y", [CANARY, *f["y"][1:]]), "text"),
        (lambda f: f.__setitem__("a", [CANARY, *f["a"][1:]]), "'a'"),
        (lambda f: f.__setitem__("day", [CANARY, *f["day"][1:]]), "'day'"),
        (lambda f: f.__setitem__("day", [f"'{CANARY}", *f["day"][1:]]), "'day'"),
        (lambda f: f.__setitem__("a", [f"'a'{CANARY}", *f["a"][1:]]), "'a'"),
        (lambda f: f.pop("b"), "there is no 'b'"),
        (lambda f: f.pop("y"), "there is no 'y'"),
        (lambda f: f.__setitem__("y", [None, *f["y"][1:]]), "'y' is missing in 1 of 60 rows"),
    ],
)
def test_new_rows_that_cannot_be_read_name_the_column_and_no_value(
    study: Any, tmp_path: Path, change: Any, named: str
) -> None:
    request = replace(study.request, new=new(tmp_path, change))
    assert named in failure(lambda: redacted(lambda: examined(request))).cause


@pytest.mark.parametrize(
    "content",
    [
        f"a,b,level,day,note,y\n1,2,low,2020-01-01,{CANARY}\n",
        f"a,b,level,day,note,y\n1,2,low,2020-01-01,{CANARY},3,4\n",
        f'a,b,level,day,note,y\n1,2,low,2020-01-01,"{CANARY},3\n',
        f"a,b,level,day,note,y\n1,2,{CANARY}\x00,2020-01-01,x,3\xff\n",
        f"a,a,level,day,note,y\n1,2,{CANARY},2020-01-01,x,3\n",
    ],
)
def test_broken_file_is_not_quoted(study: Any, tmp_path: Path, content: str) -> None:
    path = tmp_path / "new.csv"
    path.write_bytes(content.encode("latin-1"))
    request = replace(study.request, new=str(path))
    error = failure(lambda: redacted(lambda: examined(request)), TuneError)
    assert "new.csv" in error.cause or "failed (" in error.cause


def test_functions_own_words_are_left_out(study: Any, tmp_path: Path) -> None:
    code = (
        f"import sys\ndef rows():\n    print('{CANARY}', file=sys.stderr)\n    print('{CANARY}')"
    )
    (tmp_path / "own.py").write_text(f"{code}\n    raise ValueError('{CANARY}')\n")
    request = replace(study.request, new=f"{tmp_path}/own.py:rows")
    assert "own.py:rows" in failure(lambda: examine(request)).cause


def test_file_that_is_not_there_is_said_to_be(study: Any, tmp_path: Path) -> None:
    request = replace(study.request, new=str(tmp_path / "nowhere.csv"))
    assert "there is no such file" in failure(lambda: examined(request)).cause


def test_damaged_weights_are_told_of_without_a_row(study: Any, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(CANARY.encode() * 10)
    (winner, default) = study.request.contestants
    request = replace(study.request, contestants=(replace(winner, weights=str(path)), default))
    error = failure(lambda: examine(request))
    assert "trial 0" in error.cause
    assert str(path) in error.cause


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, MemoryError, InputError])
def test_whatever_else_fails_says_where_and_not_what(
    study: Any, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    def fail(*_: object) -> None:
        raise kind(CANARY) if kind is not InputError else InputError(CANARY, CANARY)

    monkeypatch.setattr(sealing, "open_rows", fail)
    error = failure(lambda: redacted(lambda: examined(study.request)), TuneError)
    assert f"({kind.__name__} in examination.py, line " in error.cause


def test_what_the_guard_says_is_told(study: Any) -> None:
    request = replace(study.request, seal="0" * 16)
    error = failure(lambda: redacted(lambda: examined(request)), GuardError)
    assert "0" * 16 in error.cause
