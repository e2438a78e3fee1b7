"""Files that build on others: what counts before what, and where a mistake is told to stand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from truetune.errors import InputError
from truetune.spaces import Experiment, Float, Int, MistakesError, load, load_with_document
from truetune.spaces.experiment import Data, Split

BASE = """\
study: base
data: {source: sklearn:iris, split: {validation: 0.3, seed: 5}}
task: classification
model: {name: mlp, width: 3}
training: {epochs: 7, early_stopping: {patience: 4}}
parameters:
  rate: {type: float, low: 0.1, high: 0.9, log: true, default: 0.2}
  layers: {type: int, low: 1, high: 3}
  mlp: {units: {type: int, low: 4, high: 8, repeat: layers}}
constraints: [rate < 0.8]
sampler: {name: tpe, n_ei_candidates: 48}
budget: {trials: 9, time: 10m}
seed: 3
"""


def write(folder: Path, **files: str) -> Path:
    """Write files by stem, with `base.yaml` beside them, and return the path of the last."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "base.yaml"
    path.write_text(BASE)
    for stem, text in files.items():
        path = folder / f"{stem}.yaml"
        path.write_text(text)
    return path


def mistakes_in(
    path: Path, overrides: Mapping[str, Any] | None = None
) -> list[tuple[str, str, str]]:
    """Return file name with line:column, rule and fix of every mistake."""
    with pytest.raises(MistakesError) as caught:
        load(path, overrides)
    return [(m.where.split("/")[-1], m.rule, m.fix) for m in caught.value.mistakes]


def extended(tmp_path: Path, text: str = "", overrides: Any = None) -> Experiment:
    return load(write(tmp_path, own=f"extends: base.yaml\n{text}"), overrides)


def test_a_file_that_only_extends_another_is_that_file_under_its_own_name(tmp_path: Path) -> None:
    base, own = load(write(tmp_path)), extended(tmp_path)
    assert (base.study, own.study) == ("base", "own")
    assert own.model_copy(update={"study": "base"}) == base
    assert own.identity() == base.identity()


def test_a_name_is_not_handed_on_but_may_be_given(tmp_path: Path) -> None:
    assert extended(tmp_path, "study: mine\n").study == "mine"
    nameless = BASE.replace("study: base\n", "")
    path = write(tmp_path, nameless=nameless, own="extends: nameless.yaml\n")
    assert load(path).study == "own"


EXPECTED_DATA = Data(
    source="sklearn:iris", split=Split(validation=0.3, test=0.2, seed=6)
).model_dump(mode="json")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("seed: 4", {"seed": 4}),
        ("budget: {trials: 1}", {"budget": {"trials": 1, "time": "10m"}}),
        (
            "data: {split: {seed: 6}}",
            {"data": EXPECTED_DATA},
        ),
        ("model: linear", {"model": "linear"}),
        ("model: {name: mlp, depth: 2}", {"model": {"name": "mlp", "depth": 2}}),
        ("sampler: {name: tpe}", {"sampler": "tpe"}),
        ("constraints: []", {"constraints": []}),
        ("constraints: [rate < 0.7]", {"constraints": ["rate < 0.7"]}),
    ],
)
def test_sections_are_merged_and_what_is_whole_is_replaced(
    tmp_path: Path, text: str, changed: dict[str, Any]
) -> None:
    base = load(write(tmp_path)).model_dump(mode="json")
    expected = base | {"study": "own"} | changed
    assert extended(tmp_path, text).model_dump(mode="json") == expected


def test_a_section_within_a_section_is_merged(tmp_path: Path) -> None:
    training = extended(tmp_path, "training: {optimizer: sgd}\n").training
    assert (training.optimizer, training.epochs) == ("sgd", 7)
    assert training.early_stopping is not None
    assert extended(tmp_path, "training: {early_stopping: null}\n").training.epochs == 7
    assert extended(tmp_path, "training: {early_stopping: null}\n").training.early_stopping is None


def test_a_parameter_takes_the_place_of_the_other_whole(tmp_path: Path) -> None:
    own = extended(tmp_path, "parameters:\n  rate: {type: float, low: 0.3, high: 0.5}\n")
    assert own.parameters["rate"] == Float(type="float", low=0.3, high=0.5)
    assert list(own.parameters) == ["rate", "layers", "mlp.units"]


@pytest.mark.parametrize("rate", ["0.3", "{expression: layers / 10}", "null", "[0.1, 0.2]"])
def test_a_parameter_may_become_another_kind_of_thing(tmp_path: Path, rate: str) -> None:
    own = extended(tmp_path, f"parameters: {{rate: {rate}}}\nconstraints: []\n")
    assert not isinstance(own.parameters["rate"], Float)
    assert isinstance(own.parameters["layers"], Int)


@pytest.mark.parametrize(
    "parameters",
    [
        "  mlp: {units: {type: int, low: 5, high: 6}}",
        "  mlp.units: {type: int, low: 5, high: 6}",
    ],
)
def test_a_parameter_of_a_branch_is_replaced_however_it_is_written(
    tmp_path: Path, parameters: str
) -> None:
    own = extended(tmp_path, f"parameters:\n{parameters}\n")
    assert own.parameters["mlp.units"] == Int(type="int", low=5, high=6)
    assert len(own.parameters) == 3


def test_new_parameters_come_after_those_of_the_base(tmp_path: Path) -> None:
    own = extended(tmp_path, "parameters: {more: 1, mlp: {bias: true}, layers: 2}\n")
    assert list(own.parameters) == ["rate", "layers", "mlp.units", "more", "mlp.bias"]


@pytest.mark.parametrize("name", ["name", "type", "expression"])
def test_a_parameter_may_be_called_as_a_key_of_a_parameter(tmp_path: Path, name: str) -> None:
    odd = BASE.replace("  layers:", f"  {name}: 3\n  layers:")
    path = write(tmp_path, odd=odd, own="extends: odd.yaml\nparameters: {more: 1}\n")
    names = ["rate", name, "layers", "mlp.units", "more"]
    assert list(load(path).parameters) == names


def test_a_chain_of_two_counts_from_the_file_down(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        middle="extends: base.yaml\nseed: 10\nbudget: {trials: 10}\nparameters: {layers: 1}\n",
        own="extends: middle.yaml\nbudget: {time: 1h}\nparameters: {more: 1}\n",
    )
    own = load(path)
    assert (own.study, own.seed) == ("own", 10)
    assert (own.budget.trials, own.budget.time) == (10, "1h")
    assert (own.training.epochs, own.parameters["layers"]) == (7, 1)
    assert list(own.parameters) == ["rate", "layers", "mlp.units", "more"]


def test_the_command_line_counts_before_both(tmp_path: Path) -> None:
    text = "seed: 4\nbudget: {trials: 5}\n"
    own = extended(tmp_path, text, {"seed": 6, "budget.time": "2h", "parameters.rate.high": 0.7})
    assert (own.seed, own.budget.trials, own.budget.time) == (6, 5, "2h")
    rate = Float(type="float", low=0.1, high=0.7, log=True, default=0.2)
    assert own.parameters["rate"] == rate


def test_a_base_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path / "far" / "deep")
    write(tmp_path / "far", middle="extends: deep/base.yaml\nseed: 10\n")
    (tmp_path / "near").mkdir()
    own = tmp_path / "near" / "own.yaml"
    own.write_text("extends: ../far/middle.yaml\nstudy: own\n")
    assert (load(own).seed, load(own).budget.trials) == (10, 9)
    own.write_text(f"extends: {tmp_path}/far/deep/base.yaml\n")
    assert load(own).seed == 3


def test_the_folder_one_stands_in_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "spaces", own="extends: base.yaml\ndata: {source: rows.csv}\n")
    expected = load(path)
    monkeypatch.chdir(tmp_path)
    assert load("spaces/own.yaml") == expected
    monkeypatch.chdir(tmp_path / "spaces")
    assert load("own.yaml") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("rows.csv", "{folder}/far/rows.csv"),
        ("./rows.csv", "{folder}/far/rows.csv"),
        ("../rows.csv", "{folder}/rows.csv"),
        ("sub/rows", "{folder}/far/sub/rows"),
        ("/data/rows.csv", "/data/rows.csv"),
        ("sklearn:iris", "sklearn:iris"),
        ("mine:load", "mine:load"),
        ("rows", "rows"),
        ("images/", "{folder}/far/images"),
        ("./images", "{folder}/far/images"),
        ("x.npz", "{folder}/far/x.npz"),
        ("./own.py:rows", "{folder}/far/own.py:rows"),
        ("own.py:rows", "{folder}/far/own.py:rows"),
        ("/a/own.py:rows", "/a/own.py:rows"),
        ("package.own:rows", "package.own:rows"),
        ("sqlite:///shop.db", "sqlite:///{folder}/far/shop.db"),
        ("sqlite:///../shop.db?mode=ro", "sqlite:///{folder}/shop.db?mode=ro"),
        ("sqlite+pysqlite:///shop.db", "sqlite+pysqlite:///{folder}/far/shop.db"),
        ("sqlite:////a/shop.db", "sqlite:////a/shop.db"),
        ("sqlite:///file:shop.db?uri=true", "sqlite:///file:{folder}/far/shop.db?uri=true"),
        ("sqlite:///file:/a/shop.db?uri=true", "sqlite:///file:/a/shop.db?uri=true"),
        ("'sqlite:///:memory:'", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql://me@host/shop", "postgresql://me@host/shop"),
        ("https://host/a/rows.csv?v=2", "https://host/a/rows.csv?v=2"),
        ("s3://bucket/rows.parquet", "s3://bucket/rows.parquet"),
        ("zip://rows.csv::https://host/a.zip", "zip://rows.csv::https://host/a.zip"),
    ],
)
def test_a_data_file_is_looked_for_beside_the_file_that_names_it(
    tmp_path: Path, source: str, expected: str
) -> None:
    write(tmp_path / "far", base=BASE.replace("sklearn:iris", source))
    own = tmp_path / "own.yaml"
    own.write_text("extends: far/base.yaml\n")
    assert load(own).data.source == expected.format(folder=tmp_path)
    assert load(tmp_path / "far" / "base.yaml").data.source == load(own).data.source


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "source: x.npy, target: y.npy, test: t.npz",
            ("{}/far/x.npy", "{}/far/y.npy", "{}/far/t.npz"),
        ),
        ("source: /a/x.npy, target: ../y.npy", ("/a/x.npy", "{}/y.npy", None)),
        ("source: rows.csv, target: y.npy", ("{}/far/rows.csv", "y.npy", None)),  # a column
        ("source: x.npz, target: a/b", ("{}/far/x.npz", "a/b", None)),  # an array
        ("source: rows.csv, target: a.b, test: b.csv", ("{}/far/rows.csv", "a.b", "{}/far/b.csv")),
        ("source: images/, test: ../more/", ("{}/far/images", None, "{}/more")),
    ],
)
def test_files_of_targets_and_of_test_rows_are_looked_for_there_too(
    tmp_path: Path, data: str, expected: tuple[str | None, ...]
) -> None:
    write(tmp_path / "far", base=BASE.replace("source: sklearn:iris", data))
    own = tmp_path / "own.yaml"
    own.write_text("extends: far/base.yaml\n")
    found = load(own).data
    full = tuple(path and path.format(tmp_path) for path in expected)
    assert (found.source, found.target, found.test) == full


def test_each_of_a_pair_of_files_is_looked_for_beside_the_file_that_names_it(
    tmp_path: Path,
) -> None:
    write(tmp_path / "far", base=BASE.replace("sklearn:iris", "x.npy, target: y.npy"))
    own = tmp_path / "own.yaml"
    for text, source, target in (
        ("source: x.npy", "x.npy", "far/y.npy"),
        ("target: y.npy", "far/x.npy", "y.npy"),
        ("test: t.npz", "far/x.npy", "far/y.npy"),
    ):
        own.write_text(f"extends: far/base.yaml\ndata: {{{text}}}\n")
        data = load(own).data
        assert (data.source, data.target) == (f"{tmp_path}/{source}", f"{tmp_path}/{target}")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"data.source": "rows.csv"}, ("{}/rows.csv", None, None)),
        ({"data.source": "./own.py:rows"}, ("{}/own.py:rows", None, None)),
        ({"data.source": "sqlite:///shop.db"}, ("sqlite:///{}/shop.db", None, None)),
        ({"data.source": "sklearn:wine"}, ("sklearn:wine", None, None)),
        ({"data.test": "../t.csv"}, ("sklearn:iris", None, "{up}/t.csv")),
        ({"data.source": "x.npy", "data.target": "y.npy"}, ("{}/x.npy", "{}/y.npy", None)),
        ({"data.source": "x.csv", "data.target": "y"}, ("{}/x.csv", "y", None)),
        ({"data": {"source": "x.csv", "test": "t.csv"}}, ("{}/x.csv", None, "{}/t.csv")),
    ],
)
def test_files_of_the_command_line_are_looked_for_where_one_stands(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    expected: tuple[str | None, ...],
) -> None:
    path = write(tmp_path / "far")
    monkeypatch.chdir(tmp_path)
    found = load(path, settings).data
    full = tuple(text and text.format(tmp_path, up=tmp_path.parent) for text in expected)
    assert (found.source, found.target, found.test) == full


@pytest.mark.parametrize(
    ("function", "in_file", "as_typed"),
    [
        ("./own.py:train", "{}/far/own.py:train", "{}/own.py:train"),
        ("../own.py:train", "{}/own.py:train", "{up}/own.py:train"),
        ("/a/own.py:train", "/a/own.py:train", "/a/own.py:train"),
        ("package.own:train", "package.own:train", "package.own:train"),
    ],
)
def test_a_function_is_looked_for_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, in_file: str, as_typed: str
) -> None:
    path = write(tmp_path / "far", base=f"{BASE}objective: {{function: {function}, metric: a}}\n")
    (tmp_path / "own.yaml").write_text("extends: far/base.yaml\nobjective: {metric: b}\n")
    monkeypatch.chdir(tmp_path)
    settings: list[dict[str, Any]] = [
        {"objective.metric": "c"},
        {"objective.function": function},
        {"objective": {"function": function}},
    ]
    found = [load(path), load("own.yaml"), *(load(path, given) for given in settings)]
    expected = [in_file, in_file, in_file, as_typed, as_typed]
    assert [experiment.objective.function for experiment in found] == [
        text.format(tmp_path, up=tmp_path.parent) for text in expected
    ]


@pytest.mark.parametrize(
    ("sections", "overrides"),
    [
        ("model: ./own.py:f", {"model": "./own.py:f"}),
        ("model: {name: ./own.py:f, depth: 2}", {"model.name": "./own.py:f"}),
        ("training: {cost: ./own.py:f}", {"training.cost": "./own.py:f"}),
        ("training: {cost: ./own.py:f}", {"training": {"cost": "./own.py:f"}}),
        ("training: {start_from: own.py:f}", {"training.start_from": "own.py:f"}),
    ],
)
def test_code_and_weights_are_looked_for_where_they_are_named(
    sections: str, overrides: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "far", own=f"extends: base.yaml\n{sections}\n")
    monkeypatch.chdir(tmp_path)
    for folder, experiment in (("far/", load(path)), ("", load(path, overrides))):
        training = experiment.training
        named = training.cost or training.start_from or experiment.model.name
        assert named == f"{tmp_path}/{folder}own.py:f"
        if "model" in sections:
            assert experiment.model.options == ({"depth": 2} if "depth" in sections else {})


def test_a_name_that_is_no_file_stays_as_it_is(tmp_path: Path) -> None:
    sections = "model: package.module:build\ntraining: {cost: focal}\n"
    experiment = load(write(tmp_path, own=f"extends: base.yaml\n{sections}"))
    assert experiment.model.name == "package.module:build"
    assert experiment.training.cost == "focal"


def test_the_command_line_moves_no_file_that_it_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "far", own=BASE.replace("sklearn:iris", "x.npy, target: y.npy"))
    monkeypatch.chdir(tmp_path)
    data = load(path, {"data.test": "t.npz", "data.split.seed": 1}).data
    assert (data.source, data.target) == (f"{tmp_path}/far/x.npy", f"{tmp_path}/far/y.npy")


def test_what_a_file_extends_is_no_part_of_what_is_loaded(tmp_path: Path) -> None:
    assert "extends" not in extended(tmp_path).model_dump()


@pytest.mark.parametrize(
    ("files", "where", "shown"),
    [
        ({"own": "extends: own.yaml\n"}, "own.yaml:1:1", "own.yaml -> own.yaml"),
        ({"own": "seed: 1\nextends: ./own.yaml\n"}, "own.yaml:2:1", "own.yaml -> own.yaml"),
        (
            {"other": "seed: 1\nextends: own.yaml\n", "own": "extends: other.yaml\n"},
            "other.yaml:2:1",
            "own.yaml -> other.yaml -> own.yaml",
        ),
    ],
)
def test_files_that_extend_each_other_are_refused(
    tmp_path: Path, files: dict[str, str], where: str, shown: str
) -> None:
    ((found, rule, _),) = mistakes_in(write(tmp_path, **files))
    assert found == where
    assert rule.endswith(f"in a circle, or too many of them: {shown}.")


def test_a_circle_by_way_of_a_link_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path, own="extends: link.yaml\n")
    os.symlink("own.yaml", tmp_path / "link.yaml")
    ((_, rule, _),) = mistakes_in(path)
    assert "circle" in rule


def test_a_chain_has_an_end(tmp_path: Path) -> None:
    files = {f"f{n}": f"extends: f{n + 1}.yaml\n" for n in range(200, 0, -1)}
    ((where, rule, _),) = mistakes_in(write(tmp_path, **files))
    assert "too many of them" in rule
    assert where.startswith("f")


@pytest.mark.parametrize(
    ("text", "where", "rule"),
    [
        ("extends: nowhere.yaml\n", "own.yaml:1:1", "and there is none."),
        ("seed: 1\nextends: .\n", "own.yaml:2:1", "and there is none."),
        ("extends: base.yaml/x\n", "own.yaml:1:1", "and there is none."),
        ("extends: 3\n", "own.yaml:1:1", "`extends` names a file to build on, but got 3."),
        ("extends: [base.yaml]\n", "own.yaml:1:1", "names a file to build on, but got ['base"),
        ("extends: {a: 1}\n", "own.yaml:1:1", "names a file to build on, but got {'a': 1}."),
        ("extends: ''\n", "own.yaml:1:1", "`extends` names a file to build on, but got ''."),
        ("extends: true\n", "own.yaml:1:1", "names a file to build on, but got True."),
    ],
)
def test_a_base_that_is_not_there_is_refused_where_it_is_named(
    tmp_path: Path, text: str, where: str, rule: str
) -> None:
    ((found, found_rule, _),) = mistakes_in(write(tmp_path, own=text))
    assert found == where
    assert rule in found_rule


@pytest.mark.parametrize("nothing", ["", "null", "~"])
def test_to_extend_nothing_is_to_stand_alone(tmp_path: Path, nothing: str) -> None:
    assert load(write(tmp_path, own=f"extends: {nothing}\n{BASE}")) == load(write(tmp_path))


def test_the_path_of_a_missing_base_is_told_with_how_it_was_looked_for(tmp_path: Path) -> None:
    ((_, rule, fix),) = mistakes_in(write(tmp_path, own="extends: nowhere.yaml\n"))
    assert f"{tmp_path}/nowhere.yaml" in rule
    assert fix == "A path is relative to the file that names it."


# Mistakes


def test_a_mistake_in_a_base_points_at_the_base(tmp_path: Path) -> None:
    wrong = BASE.replace("trials: 9", "trails: 9")
    path = write(tmp_path, wrong=wrong, own="extends: wrong.yaml\nseed: 1\n")
    assert mistakes_in(path) == [
        ("wrong.yaml:12:10", "there is no key 'trails' here.", "Did you mean 'trials'?")
    ]


def test_a_base_that_cannot_be_read_is_refused_at_its_own_line(tmp_path: Path) -> None:
    path = write(tmp_path, wrong="a: 1\n]\n", own="extends: wrong.yaml\n")
    ((where, rule, _),) = mistakes_in(path)
    assert where == "wrong.yaml:2:1"
    assert rule.startswith("this is not YAML 1.2")


def test_a_mistake_mended_on_the_way_is_none(tmp_path: Path) -> None:
    wrong = BASE.replace("seed: 3", "seed: -3").replace("low: 0.1, high", "low: 9, high")
    text = "extends: wrong.yaml\nseed: 1\nparameters: {rate: 0.5}\n"
    assert load(write(tmp_path, wrong=wrong, own=text)).seed == 1


def test_what_replaces_a_value_takes_its_place_in_a_report_too(tmp_path: Path) -> None:
    text = (
        "study: own\nextends: base.yaml\nparameters:\n\n  rate: {type: float, low: 1, hgih: 2}\n"
    )
    path = write(tmp_path, own=text)
    assert [(where, fix) for where, _, fix in mistakes_in(path)] == [
        ("own.yaml:5:3", "Add `high:`."),
        ("own.yaml:5:31", "Did you mean 'high'?"),
    ]


def test_mistakes_of_the_file_come_before_those_of_its_base_and_of_the_command_line(
    tmp_path: Path,
) -> None:
    wrong = BASE.replace("seed: 3", "sede: 3").replace("trials: 9", "trials: 0")
    path = write(tmp_path, wrong=wrong, own="extends: wrong.yaml\ntask: guess\n")
    places = [where for where, _, _ in mistakes_in(path, {"data.split.test": 7})]
    assert places[0] == "own.yaml:2:1"
    assert sorted(places[1:]) == ["--set data.split.test", "wrong.yaml:12:10", "wrong.yaml:13:1"]


def test_what_does_not_fit_together_points_at_the_file_that_says_it(tmp_path: Path) -> None:
    path = write(tmp_path, own="extends: base.yaml\nparameters:\n  layers: {expression: deep}\n")
    assert mistakes_in(path)[0][:2] == ("own.yaml:3:12", "there is no parameter 'deep'.")
    # The base speaks of a parameter that the file gives another meaning.
    path = write(tmp_path, own="extends: base.yaml\nparameters: {rate: fast}\n")
    ((where, rule, _),) = mistakes_in(path)
    assert where == "base.yaml:10:15"
    assert "`rate`" in rule


def test_a_missing_section_is_asked_for_in_the_file_itself(tmp_path: Path) -> None:
    path = write(tmp_path, empty="seed: 1\n", own="# nothing\nextends: empty.yaml\n")
    assert {where for where, _, _ in mistakes_in(path)} == {"own.yaml:2:1"}


def test_warnings_of_both_files_are_kept(tmp_path: Path) -> None:
    text = BASE.replace("seed: 3", "seed: 03")
    path = write(tmp_path, warned=text, own="extends: warned.yaml\nstudy: on\n")
    warnings = load_with_document(path).document.warnings
    assert [w.where.split("/")[-1] for w in warnings] == ["warned.yaml:13:1", "own.yaml:2:1"]


@pytest.mark.parametrize(
    "base",
    ["x" * 5000, '"a\\0.yaml"', "loop.yaml", '"\\x7f"', "~nobody/x.yaml"],
    ids=["long", "nul", "loop", "delete", "home"],
)
def test_an_odd_path_is_refused_like_any_other(tmp_path: Path, base: str) -> None:
    os.symlink("loop.yaml", tmp_path / "loop.yaml")
    path = write(tmp_path, own=f"extends: {base}\n")
    with pytest.raises(InputError):
        load(path)


@pytest.mark.parametrize("source", ["x" * 5000 + ".csv", '"a\\0.csv"', "loop.csv"])
def test_an_odd_path_of_a_data_file_is_no_crash(tmp_path: Path, source: str) -> None:
    os.symlink("loop.csv", tmp_path / "loop.csv")
    path = write(tmp_path, own=BASE.replace("sklearn:iris", source))
    try:
        experiment = load(path)
    except InputError:
        return
    assert experiment.data.source


def test_the_command_line_cannot_extend(tmp_path: Path) -> None:
    with pytest.raises(MistakesError) as caught:
        load(write(tmp_path), {"extends": "other.yaml"})
    assert caught.value.cause == "--set extends: what a file extends stands in the file itself."
