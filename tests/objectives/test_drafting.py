"""Drafting: what the data says, rules of thumb by hand, and a file that says both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from truetune.errors import InputError
from truetune.objectives.drafting import (
    Facts,
    batch_sizes,
    draft,
    hidden_units,
    look,
    task_of,
    units_by_rows,
)
from truetune.objectives.preparation import develop
from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, load

Write = Callable[..., str]


@pytest.fixture
def table(tmp_path: Path) -> Write:
    def write(name: str = "rows.parquet", **columns: Any) -> str:
        path = tmp_path / name
        pd.DataFrame(columns).to_parquet(path)
        return str(path)

    return write


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], Experiment]:
    """Load a draft's text as `tune search` does."""

    def load_text(text: str) -> Experiment:
        path = tmp_path / "draft.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)

    return load_text


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (np.array(["a", "b"] * 5, dtype=object), "binary"),
        (np.array([0, 1] * 5), "binary"),
        (np.array([0.5, 1.5] * 5), "binary"),
        (np.array(["a", "b", "c"], dtype=object), "classification"),
        (np.array([f"class {i}" for i in range(99)], dtype=object), "classification"),
        (np.array([1.0, 2.0, 3.0]), "classification"),
        (np.array([1.0, 2.0, 3.5]), "regression"),
        (np.arange(20), "classification"),
        (np.arange(21), "regression"),
        (np.arange(420) % 21, "classification"),  # 21 of 420 are the 5% that are not too many
        (np.arange(419) % 21, "regression"),
        (np.zeros((10, 3)), "regression"),
    ],
)
def test_task_is_what_the_target_asks_for(targets: Any, task: str) -> None:
    assert task_of(targets)[0] == task


def test_target_of_one_value_is_refused() -> None:
    with pytest.raises(InputError, match="all 7 rows have the same"):
        task_of(np.ones(7))


def test_hidden_units_by_rows_are_those_of_the_formula() -> None:
    assert units_by_rows(1078, 64, 10, a=2) == pytest.approx(7.2838, abs=1e-4)
    assert units_by_rows(1078, 64, 10, a=10) == pytest.approx(1.4568, abs=1e-4)


@pytest.mark.parametrize(
    ("n_train", "n_inputs", "n_outputs", "expected"),
    [
        (1078, 64, 10, (4, 64, 37)),  # rows allow 1.5 to 7.3
        (90, 4, 3, (4, 16, 4)),  # 1.3 to 6.4: a range spans a factor of four
        (30_000, 108, 1, (4, 138, 54)),  # 27.5 to 137.6
        (10_000, 100, 20, (8, 100, 60)),  # 8.3 to 41.7: the outputs are more than the rows allow
        (1_000_000, 8, 8, (8, 1024, 8)),  # 6,250 to 31,250
        (100_000, 400, 100, (20, 400, 250)),  # 20 to 100
        (10**6, 5000, 3000, (12, 1024, 1024)),  # 12.5 to 62.5
        (10**9, 5000, 3000, (256, 1024, 1024)),
    ],
)
def test_hidden_units_start_midway_in_a_range_that_holds_both_rules(
    n_train: int, n_inputs: int, n_outputs: int, expected: tuple[int, int, int]
) -> None:
    assert hidden_units(n_train, n_inputs, n_outputs) == expected


@pytest.mark.parametrize("n_train", [1, 100, 10_000, 10**7])
@pytest.mark.parametrize("n_inputs", [1, 30, 3000])
@pytest.mark.parametrize("n_outputs", [1, 10, 5000])
def test_hidden_units_are_a_range_with_its_start_inside(
    n_train: int, n_inputs: int, n_outputs: int
) -> None:
    low, high, first = hidden_units(n_train, n_inputs, n_outputs)
    assert 4 <= low <= first <= high <= 1024
    assert low * 4 <= high


@pytest.mark.parametrize(
    ("n_train", "expected"),
    [
        (1, [1]),
        (12, [8]),
        (63, [16]),
        (64, [16]),
        (128, [16, 32]),
        (255, [16, 32]),
        (256, [64]),
        (1078, [64, 128, 256]),
        (2048, [64, 128, 256, 512]),
        (19_999, [64, 128, 256, 512]),
        (20_000, [64, 128, 256, 512, 1024]),
    ],
)
def test_batch_sizes_leave_four_batches_an_epoch(n_train: int, expected: list[int]) -> None:
    assert batch_sizes(n_train) == expected


def test_facts_are_those_of_the_set() -> None:
    reason = "the target has 10 different whole numbers"
    assert look("sklearn:digits", None) == Facts(
        "classification", reason, 1797, 1078, 64, 10, unstratified=None
    )


@pytest.mark.parametrize(
    ("name", "task", "n_outputs"),
    [
        ("iris", "classification", 3),
        ("wine", "classification", 3),
        ("digits", "classification", 10),
        ("breast_cancer", "binary", 1),
        ("diabetes", "regression", 1),
        ("linnerud", "regression", 3),
    ],
)
def test_draft_of_a_built_in_set_loads_and_fits_the_data(
    loaded: Callable[[str], Experiment], name: str, task: str, n_outputs: int
) -> None:
    experiment = loaded(draft(f"sklearn:{name}", None).text)
    assert problems(experiment) == []
    assert (experiment.study, experiment.task, experiment.model.name) == (name, task, "mlp")
    facts, description = look(f"sklearn:{name}", None), develop(experiment).description
    assert facts.n_outputs == description.n_outputs == n_outputs
    assert (facts.n_train, facts.n_inputs) == (description.n_train, description.n_inputs)


def test_facts_of_a_table_are_those_of_its_development(
    table: Write, loaded: Callable[[str], Experiment]
) -> None:
    colours = ["red", "blue", None, "green", "red"] * 20
    source = table(colour=colours, size=range(100), rare=[*"a" * 99, "b"], y=["no", "yes"] * 50)
    experiment = loaded(draft(source, "y").text)
    facts, description = look(source, "y"), develop(experiment).description
    assert experiment.data.split.stratify is True
    assert facts.n_rows == 100
    assert (facts.task, facts.n_outputs) == ("binary", description.n_outputs)
    assert (facts.n_train, facts.n_inputs) == (description.n_train, description.n_inputs)


def test_draft_begins_small_and_simple() -> None:
    parameters = plain(draft("sklearn:digits", None).text)["parameters"]
    assert parameters["layers"]["default"] == 1
    assert parameters["optimizer"]["choices"][0] == "sgd"
    assert parameters["use_dropout"]["choices"][0] is False
    assert parameters["hidden_units"] == {
        "type": "int",
        "low": 4,
        "high": 64,
        "log": True,
        "repeat": "layers",
        "default": 37,
    }


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "digits",
            [
                "task: classification  # because the target has 10 different whole numbers",
                "# The cost is cross-entropy:",
                "first midway: (10 + 64) / 2 = 37.",
                "= 1078 / (a (64 + 10)),",
                "# 1.5 with a = 10 and 7.3 with a = 2.",
                "stratify: true, seed: 0}  # 1078 rows are left",
            ],
        ),
        ("breast_cancer", ["task: binary  # because", "# The cost is binary cross-entropy with"]),
        ("diabetes", ["task: regression  # because", "# The cost is mean squared error:"]),
    ],
)
def test_draft_says_why(name: str, lines: list[str]) -> None:
    text = draft(f"sklearn:{name}", None).text
    assert all(line in text for line in lines)


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
def test_draft_is_no_wider_than_an_editor(name: str) -> None:
    assert max(map(len, draft(f"sklearn:{name}", None).text.splitlines())) < 100


def test_numbers_are_not_stratified() -> None:
    assert "stratify" not in plain(draft("sklearn:diabetes", None).text)["data"]["split"]


def test_card_is_there_to_be_filled_in() -> None:
    card = plain(draft("sklearn:iris", None).text)["card"]
    assert card == {"purpose": "", "human_level": None, "published": []}


def test_class_too_rare_to_stratify_is_told_in_a_comment(table: Write) -> None:
    source = table(x=range(50), y=[*["common", "other"] * 24, "odd\n  one: {", "other"])
    text = draft(source, "y").text
    assert plain(text)["data"]["split"]["stratify"] is False
    assert "needs 3 rows of every class, but class odd" in text
    assert _develop_of(text).n_train == 30


def _develop_of(text: str) -> Any:
    settings = plain(text)
    base = Path(__file__).parents[1] / "flat.yaml"
    experiment = load(base, {"data": settings["data"], "task": settings["task"]})
    return develop(experiment).description


ODD_NAMES = [
    "price: {€}",
    "# no comment",
    'the "target"',
    "it's \\ here",
    " spaces ",
    "null",
    "True",
    "1e-4",
    "- item",
    "👩‍💻 &anchor *alias",
    "line\nbreak\ttab",
    "\x7f\x85\u2028\ufeff",
    "%, @, `",
    "ü",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_read_back_as_they_are(
    table: Write, loaded: Callable[[str], Experiment], name: str
) -> None:
    source = table(**{"x": range(50), name: np.linspace(0, 1, 50)})
    experiment = loaded(draft(source, name).text)
    assert (experiment.data.source, experiment.data.target) == (source, name)
    assert develop(experiment).description.n_train == 30


@pytest.mark.parametrize("stem", ["house prices", "a: b #c", "null", "emoji 🙂", "tab\there"])
def test_study_is_called_as_the_file(table: Write, stem: str) -> None:
    source = table(f"{stem}.parquet", x=range(50), y=np.linspace(0, 1, 50))
    settings = plain(draft(source, "y").text)
    assert settings["study"] == stem.replace("\t", "_")
    assert settings["data"]["source"] == source


def test_file_may_spell_the_path_in_its_own_way(table: Write) -> None:
    source = table(x=range(50), y=np.linspace(0, 1, 50))
    text = draft(source, "y", "../data/rows.parquet").text
    assert plain(text)["data"]["source"] == "../data/rows.parquet"
    assert source not in text


@pytest.mark.parametrize(
    ("n_rows", "target", "cause"),
    [(50, "z", "no column 'z'"), (50, None, "none is named"), (2, "y", "2 rows are too few")],
)
def test_source_that_no_search_could_use_is_not_drafted(
    table: Write, n_rows: int, target: str | None, cause: str
) -> None:
    source = table(x=range(n_rows), y=np.linspace(0.5, 1, n_rows))
    with pytest.raises(InputError, match=cause):
        draft(source, target)


def test_a_summary_names_the_task_its_cost_and_both_widths() -> None:
    assert draft("sklearn:wine", None).facts.summary() == [
        "classification: the target has 3 different whole numbers",
        "cross-entropy: an output a class, and being sure and wrong costs most",
        "hidden units: midway between 3 outputs and 13 inputs is 8; by 106 training rows it is "
        "0.7 (a = 10) to 3.3 (a = 2)",
    ]
