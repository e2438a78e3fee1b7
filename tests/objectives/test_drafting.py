"""Drafting: what the data says, rules of thumb by hand, and a file that says both."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from ruamel.yaml import YAML

from truetune.errors import InputError
from truetune.models import ARCHITECTURES
from truetune.objectives import drafting
from truetune.objectives.contracts import Assignment
from truetune.objectives.development import Development
from truetune.objectives.drafting import (
    Draft,
    Facts,
    batch_sizes,
    hidden_units,
    study_name,
    task_of,
    units_by_rows,
)
from truetune.objectives.preparation import develop
from truetune.objectives.requirements import problems
from truetune.objectives.trainer import EagerPack
from truetune.search.drafts import write_draft
from truetune.spaces import Experiment, load
from truetune.spaces.experiment import Data
from truetune.spaces.schema import schema_text

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


def draft(source: str, target: str | None = None, in_file: Any = None) -> Draft:
    return drafting.draft(Data(source=source, target=target), in_file)


def look(source: str, target: str | None = None) -> Facts:
    return drafting.look(Data(source=source, target=target))


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
    facts = look("sklearn:digits")
    assert (facts.task, facts.reason) == ("classification", reason)
    assert (facts.n_rows, *facts.sizes) == (1797, 1078, 64, 10)
    assert (facts.proposed, facts.notes) == ({}, ())
    assert facts.data.split.stratify is True


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
    experiment = loaded(draft(f"sklearn:{name}").text)
    assert problems(experiment) == []
    assert (experiment.study, experiment.task, experiment.model.name) == (name, task, "mlp")
    facts, description = look(f"sklearn:{name}"), develop(experiment).description
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
    parameters = plain(draft("sklearn:digits").text)["parameters"]
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
    text = draft(f"sklearn:{name}").text
    assert all(line in text for line in lines)


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
def test_draft_is_no_wider_than_an_editor(name: str) -> None:
    assert max(map(len, draft(f"sklearn:{name}").text.splitlines())) < 100


def test_numbers_are_not_stratified() -> None:
    assert "stratify" not in plain(draft("sklearn:diabetes").text)["data"]["split"]


def test_card_is_there_to_be_filled_in() -> None:
    card = plain(draft("sklearn:iris").text)["card"]
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
    text = draft(source, "y", {"source": "../data/rows.parquet"}).text
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


def test_a_column_to_predict_has_to_be_named(table: Write) -> None:
    with pytest.raises(InputError) as caught:
        draft(table(x=range(50), y=range(50)))
    assert "--target" in caught.value.fix


def test_a_summary_names_the_task_its_cost_and_both_widths() -> None:
    assert draft("sklearn:wine").facts.summary() == [
        "classification: the target has 3 different whole numbers",
        "cross-entropy: an output a class, and being sure and wrong costs most",
        "hidden units: midway between 3 outputs and 13 inputs is 8; by 106 training rows it is "
        "0.7 (a = 10) to 3.3 (a = 2)",
    ]


# What is made of columns, and of the split


def shop(n: int = 600, **more: Any) -> dict[str, Any]:
    """Return columns that are awkward, each in its own way; churn follows from two of them."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    income, vip = np.exp(rng.normal(10, 0.6, n)).round(2), rng.random(n) < 0.3
    churned = rng.random(n) < 0.2 + 0.3 * vip + 0.3 * (income > 22_000)
    words = ["good", "bad", "late", "broken", "refund", "fast", "slow", "never again"]
    return {
        "customer_ref": [f"C{i:06d}" for i in rng.permutation(n)],
        "signup": day.strftime("%d/%m/%Y"),
        "seen": day.strftime("%Y-%m-%d"),
        "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 90, n)),
        "income": [f"{value:.2f}".replace(".", ",") for value in income],
        "zip": [f"{i:04d}" for i in rng.integers(0, 60, n)],
        "city": [f"city {i}" for i in (rng.pareto(1.1, n) * 12).astype(int) % 300],
        "segment": np.where(vip, "vip", "retail"),
        "note": [" ".join(rng.choice(words, 8)) for _ in range(n)],
        "empty": [None] * n,
        "country": ["NO"] * n,
        "row": range(n),
        "churned": np.where(churned, "yes", "no"),
        **more,
    }


def without(columns: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values for name, values in columns.items() if name not in names}


def in_csv(folder: Path, columns: dict[str, Any], name: str = "customers.csv") -> str:
    pd.DataFrame(columns).to_csv(folder / name, index=False, sep=";")
    return str(folder / name)


DECISIONS = {
    "customer_ref": ("drop", "an id: 600 different values in 600 rows"),
    "income": ("number", "numbers as text, such as '"),
    "city": ("category", " levels, of which the rarest are put together"),
    "note": ("text", "prose: "),
    "empty": ("drop", "is empty"),
    "country": ("drop", "is 'NO' in every row"),
    "row": ("drop", "numbers the rows"),
}


def test_every_column_of_an_awkward_file_is_decided_with_a_reason(tmp_path: Path) -> None:
    made = draft(in_csv(tmp_path, shop()), "churned")
    assert {name: p.role for name, p in made.facts.proposed.items()} == {
        name: role for name, (role, _) in DECISIONS.items()
    }
    for name, (role, reason) in DECISIONS.items():
        (line,) = (x for x in made.text.splitlines() if x.startswith(f"    {name}: {role}"))
        assert reason in line.partition("#")[2]
    assert made.facts.data.split.time == "signup"  # in text, and so no input


def test_codes_that_begin_with_a_zero_are_categories(
    tmp_path: Path, loaded: Callable[[str], Experiment]
) -> None:
    experiment = loaded(draft(in_csv(tmp_path, shop()), "churned").text)
    assert "zip" not in experiment.data.columns
    (zips,) = (
        part for part in json.loads(develop(experiment).preprocessing[0])["parts"]
        if part["columns"] == ["zip"]
    )  # fmt: skip
    assert zips["kind"] == "category"
    assert all(len(level) == 4 for level in zips["levels"])


@pytest.mark.parametrize(
    ("values", "is_dropped"),
    [
        (range(600), True),
        (np.random.default_rng(1).permutation(600) + 10_000, True),
        (np.random.default_rng(1).integers(0, 10**6, 600), False),
        (np.random.default_rng(1).normal(size=600), False),
    ],
)
def test_what_counts_the_rows_is_dropped_and_what_measures_is_not(
    tmp_path: Path, values: Any, is_dropped: bool
) -> None:
    facts = draft(in_csv(tmp_path, shop(size=values)), "churned").facts
    assert ("size" in facts.proposed) is is_dropped


def test_rows_of_one_owner_stay_together(tmp_path: Path) -> None:
    owners = [f"C{i // 4}" for i in range(600)]
    columns = without(shop(customer_ref=owners), "signup", "seen") | {"customer_id": owners}
    made = draft(in_csv(tmp_path, without(columns, "customer_ref")), "churned")
    assert made.facts.data.split.groups == "customer_id"
    assert made.facts.proposed["customer_id"].role == "drop"
    assert "    customer_id: drop" in made.text
    assert "# Rows of one customer_id stay together" in made.text
    assert "stratify: true, groups: customer_id" in made.text


def test_dates_that_are_not_all_there_order_nothing(tmp_path: Path) -> None:
    columns = shop()
    for name, missing in (("signup", "n/a"), ("seen", "")):
        columns[name] = [missing, *list(columns[name])[1:]]
    made = draft(in_csv(tmp_path, columns), "churned")
    assert made.facts.data.split.time == "none"
    assert made.facts.proposed["signup"].role == "date"
    assert "time: none" in made.text
    assert "The rows are dated" not in made.text


def test_of_two_columns_of_dates_the_one_that_is_all_there_orders_the_rows(tmp_path: Path) -> None:
    columns = shop()
    columns["signup"] = [None, *list(columns["signup"])[1:]]
    facts = draft(in_csv(tmp_path, columns), "churned").facts
    assert facts.data.split.time == "seen"
    assert facts.proposed["signup"].role == "date"


def test_a_split_by_time_that_would_lose_a_class_is_given_up_with_a_note(
    tmp_path: Path, loaded: Callable[[str], Experiment]
) -> None:
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(600), unit="D")
    late = np.where(np.arange(600) < 390, "no", np.where(np.arange(600) % 2, "yes", "maybe"))
    columns = shop(seen=day.strftime("%Y-%m-%d"), churned=late)
    made = draft(in_csv(tmp_path, without(columns, "signup")), "churned")
    split = made.facts.data.split
    assert (split.time, split.stratify) == ("none", True)
    (note,) = made.facts.notes
    assert note in made.text
    assert "no training row is of it" in note
    assert develop(loaded(made.text)).description.n_outputs == 3


def test_a_target_of_numbers_as_text_is_predicted_as_numbers(
    tmp_path: Path, loaded: Callable[[str], Experiment]
) -> None:
    made = draft(in_csv(tmp_path, shop()), "income")
    assert made.facts.task == "regression"
    assert "    income: number" in made.text
    assert develop(loaded(made.text)).description.n_outputs == 1


def test_a_column_of_an_odd_name_is_decided_too(
    tmp_path: Path, loaded: Callable[[str], Experiment]
) -> None:
    odd = {name: ["always"] * 50 for name in ODD_NAMES}
    pd.DataFrame({**odd, "x": np.linspace(0, 1, 50), "y": [1, 2] * 25}).to_parquet(
        tmp_path / "odd.parquet"
    )
    experiment = loaded(draft(f"{tmp_path}/odd.parquet", "y").text)
    assert experiment.data.columns == dict.fromkeys(ODD_NAMES, "drop")


def test_a_line_that_only_numbers_the_rows_may_be_all_there_is(table: Write) -> None:
    facts = draft(table(t=range(50), y=np.linspace(0, 1, 50)), "y").facts
    assert (facts.proposed, facts.n_inputs) == ({}, 1)


# A draft searches as it is, from wherever the rows come


def _awkward(folder: Path) -> dict[str, Any]:
    return {"source": in_csv(folder, shop()), "target": "churned"}


def _npz(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    np.savez(folder / "arrays.npz", x=rng.normal(size=(90, 5)), y=rng.integers(0, 3, 90))
    return {"source": f"{folder}/arrays.npz", "target": None}


def _npy(folder: Path) -> dict[str, Any]:
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(90, 5)))
    np.save(folder / "y.npy", np.linspace(0, 1, 90))
    return {"source": f"{folder}/x.npy", "target": f"{folder}/y.npy"}


def _pictures(folder: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (folder / "images" / name).mkdir(parents=True)
        for i in range(20):
            pixels = rng.integers(0, 255, (12, 14, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{i}.png")
    return {"source": f"{folder}/images/", "target": None}


def _database(folder: Path) -> dict[str, Any]:
    with sqlite3.connect(folder / "shop.db") as connection:
        pd.DataFrame(without(shop(), "empty")).to_sql("customers", connection, index=False)
    connection.close()
    query = "SELECT * FROM customers WHERE city <> 'nowhere' -- all"
    return {"source": f"sqlite:///{folder}/shop.db", "target": "churned", "query": query}


def _function(folder: Path) -> dict[str, Any]:
    kept = f"{folder}/kept.parquet"
    pd.DataFrame(shop()).to_parquet(kept)
    code = f"import pandas\n\ndef rows():\n    return pandas.read_parquet({kept!r})\n"
    (folder / "own.py").write_text(code)
    return {"source": f"{folder}/own.py:rows", "target": "churned"}


@pytest.mark.parametrize(
    ("make", "study", "source"),
    [
        (_awkward, "customers", "./customers.csv"),
        (_npz, "arrays", "./arrays.npz"),
        (_npy, "x", "./x.npy"),
        (_pictures, "images", "./images"),
        (_database, "shop", None),
        (_function, "own", "./own.py:rows"),
    ],
    ids=["csv", "npz", "npy", "pictures", "database", "function"],
)
def test_a_draft_is_good_as_it_is(tmp_path: Path, make: Any, study: str, source: Any) -> None:
    path, made = write_draft(**make(tmp_path), out=tmp_path / "drafted.yaml")
    written = plain(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(written)
    assert written["study"] == study
    assert source in (None, written["data"]["source"])
    assert max(map(len, made.text.splitlines())) < 120
    experiment = load(path)
    assert problems(experiment) == []
    development: Development = develop(experiment)
    assert development.description.n_outputs == made.facts.n_outputs
    assert development.description.n_train == made.facts.n_train
    assert development.description.n_inputs == made.facts.n_inputs


def test_a_draft_of_arrays_names_both_files_beside_it(tmp_path: Path) -> None:
    path, _ = write_draft(**_npy(tmp_path), out=tmp_path / "drafted.yaml")
    data = plain(path.read_text())["data"]
    assert (data["source"], data["target"]) == ("./x.npy", "./y.npy")


def test_a_draft_of_pictures_proposes_their_size(tmp_path: Path) -> None:
    _, made = write_draft(**_pictures(tmp_path), out=tmp_path / "drafted.yaml")
    assert "preprocess: {scale: standard, size: 12}" in made.text
    assert made.facts.n_inputs == 12 * 12 * 3


def test_a_draft_of_a_database_keeps_its_query(tmp_path: Path) -> None:
    said = _database(tmp_path)
    path, _ = write_draft(**said, out=tmp_path / "drafted.yaml")
    assert load(path).data.query == said["query"]
    with pytest.raises(InputError, match="what to select is not said") as caught:
        write_draft(said["source"], "churned", tmp_path / "other.yaml")
    assert "--query" in caught.value.fix


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("sklearn:iris", "iris"),
        ("/a/rows.csv", "rows"),
        ("/a/images/", "images"),
        ("https://host/a/rows.csv?v=2", "rows"),
        ("s3://bucket/rows.parquet", "rows"),
        ("sqlite:////a/shop.db", "shop"),
        ("postgresql://me:secret@host/shop?x=1", "shop"),
        ("/a/own.py:rows", "own"),
        ("tab\there.csv", "tab_here"),
        ("x" * 300 + ".csv", "x" * 200),
    ],
)
def test_a_study_is_called_as_its_source(source: str, name: str) -> None:
    assert study_name(source) == name


def test_no_password_becomes_a_name() -> None:
    assert "secret" not in study_name("postgresql://me:secret@host")


# What belongs to pictures, and to wide tables


@pytest.mark.parametrize(
    ("side", "expected"),
    [(1, 1), (4, 1), (7, 1), (8, 2), (12, 2), (15, 2), (16, 3), (32, 3), (256, 3)],
)
def test_stages_leave_a_picture_four_pixels_a_side(side: int, expected: int) -> None:
    assert drafting.most_stages(side) == expected
    assert expected in (1, 3) or side / 2 ** (expected - 1) >= 4 > side / 2**expected


def test_a_draft_of_pictures_searches_small_residual_networks(tmp_path: Path) -> None:
    path, made = write_draft(**_pictures(tmp_path), out=tmp_path / "drafted.yaml")
    experiment = load(path)
    assert experiment.model.name == "resnet"
    parameters = plain(made.text)["parameters"]
    assert parameters["stages"] == {"type": "int", "low": 1, "high": 2, "default": 2}
    assert {"blocks", "channels", "dropout_last", "weight_decay"} <= parameters.keys()
    assert not {"layers", "hidden_units"} & parameters.keys()
    assert "pictures of 12 pixels a side leave something to halve in 2." in made.text
    assert made.facts.summary()[2] == (
        "a residual network: stages are up to 2, each halving sides of 12 pixels"
    )


def test_what_a_draft_advises_for_pictures_is_good_too(
    tmp_path: Path, loaded: Callable[[str], Experiment]
) -> None:
    _, made = write_draft(**_pictures(tmp_path), out=tmp_path / "drafted.yaml")
    advised = made.text.replace("  # augment_", "  augment_")
    assert advised.count("  augment_") == 3
    assert problems(loaded(advised)) == []


@pytest.mark.parametrize("make", [_pictures, _awkward], ids=["pictures", "csv"])
def test_a_draft_trains(tmp_path: Path, make: Any) -> None:
    path, _ = write_draft(**make(tmp_path), out=tmp_path / "drafted.yaml")
    experiment = load(path, {"training.epochs": 2, "training.early_stopping": None})
    assignment = Assignment(0, experiment.space.default(), seed=0)
    pack = EagerPack(assignment, experiment, develop(experiment), "cpu")
    losses = [pack.advance()[0].metrics["training_loss"] for _ in range(2)]
    assert losses[1] < losses[0]


@pytest.mark.parametrize(
    ("n_columns", "n_rows", "is_told"), [(50, 1700, True), (49, 1700, False), (50, 1600, False)]
)
def test_a_wide_table_is_told_of_a_network_for_tables(
    table: Write, loaded: Callable[[str], Experiment], n_columns: int, n_rows: int, is_told: bool
) -> None:
    values = np.random.default_rng(0).normal(size=(n_columns, n_rows))
    columns = {f"x{i}": column for i, column in enumerate(values)}
    text = draft(table(**columns, y=["no", "yes"] * (n_rows // 2)), "y").text
    assert ("`model: tabular`" in text) is is_told
    assert loaded(text).model.name == "mlp"


def test_an_array_is_told_of_no_network_for_tables() -> None:
    assert "tabular" in ARCHITECTURES
    assert "tabular" not in draft("sklearn:digits").text
