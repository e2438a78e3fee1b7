"""Requirements: what a file must agree on with data, model and trainer, and where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from truetune.objectives.requirements import problems
from truetune.spaces import Experiment, Problem, load
from truetune.spaces.document import Where

SPACES = Path(__file__).parents[2] / "spaces"
FLAT = Path(__file__).parents[1] / "flat.yaml"
RATE = {"type": "float", "low": 0.1, "high": 0.5}


def classification(overrides: dict[str, Any]) -> Experiment:
    return load(FLAT, overrides)


def regression(overrides: dict[str, Any]) -> Experiment:
    return load(SPACES / "regression.yaml", overrides)


def the_problem(experiment: Experiment) -> Problem:
    (problem,) = problems(experiment)
    return problem


@pytest.mark.parametrize("path", sorted(SPACES.glob("*.yaml")), ids=lambda path: path.name)
def test_experiments_that_ship_have_no_problems(path: Path) -> None:
    assert problems(load(path)) == []


@pytest.mark.parametrize(
    ("overrides", "where", "rule", "fix"),
    [
        (
            {"data.source": "sklearn:digit"},
            ("data", "source"),
            "there is no data source 'sklearn:digit'.",
            "Did you mean 'sklearn:digits'?",
        ),
        (
            {"data.source": "https://example.org"},
            ("data", "source"),
            "there is no data source 'https://example.org'.",
            "Known: sklearn:breast_cancer, sklearn:diabetes, sklearn:digits, sklearn:iris, "
            "sklearn:linnerud, sklearn:wine.",
        ),
        (
            {"data.target": "labels"},
            ("data", "target"),
            "sklearn:digits has no target 'labels'.",
            "Did you mean 'label'?",
        ),
        (
            {"model": "mpl"},
            ("model",),
            "there is no model 'mpl'.",
            "Did you mean 'mlp'?",
        ),
        (
            {"model": {"name": "mlp", "layer": 2}},
            ("model", "layer"),
            "the model 'mlp' has no parameter 'layer'.",
            "Did you mean 'layers'?",
        ),
        (
            {"objective": {"metric": "validation_acuracy"}},
            ("objective", "metric"),
            "a classification reports no metric 'validation_acuracy' to optimise.",
            "Did you mean 'validation_accuracy'?",
        ),
        (
            {"objective": {"metric": "validation_rmse"}},
            ("objective", "metric"),
            "a classification reports no metric 'validation_rmse' to optimise.",
            "Did you mean 'validation_loss'?",
        ),
        (
            {"parameters.learnig_rate": RATE},
            ("parameters", "learnig_rate"),
            "neither the model 'mlp' nor the trainer uses 'learnig_rate'.",
            "Did you mean 'learning_rate'?",
        ),
    ],
)
def test_unknown_name_is_answered_with_the_nearest_or_all(
    overrides: dict[str, Any], where: Where, rule: str, fix: str
) -> None:
    problem = the_problem(classification(overrides))
    assert (problem.where, problem.rule) == (where, rule)
    ending = " A file ends in .csv, .parquet, .npz or .npy; a folder holds pictures."
    assert problem.fix.removesuffix(ending) == fix


def test_loss_of_the_training_rows_cannot_be_optimised() -> None:
    problem = the_problem(classification({"objective": {"metric": "training_loss"}}))
    assert problem.where == ("objective", "metric")
    assert "validation_loss" in problem.fix


@pytest.mark.parametrize(
    ("overrides", "section"),
    [
        ({"training.learning_rate": 0.1}, "training"),
        ({"training.learning_rate": 0.001}, "training"),  # the default, but written down
        ({"model": {"name": "mlp", "learning_rate": 0.1}}, "model"),
    ],
)
def test_parameter_both_fixed_and_varied_is_a_problem(
    overrides: dict[str, Any], section: str
) -> None:
    found = problems(classification(overrides))
    rule = f"`learning_rate` varies here and is fixed under `{section}:`."
    assert Problem(("parameters", "learning_rate"), rule, "Keep one of the two.") in found


def test_parameter_both_of_the_model_and_varied_is_a_problem() -> None:
    problem = the_problem(classification({"model": {"name": "mlp", "layers": 2}}))
    assert problem.where == ("parameters", "layers")
    assert "fixed under `model:`" in problem.rule


@pytest.mark.parametrize("name", ["epochs", "early_stopping", "seed"])
def test_what_all_trials_share_is_no_parameter(name: str) -> None:
    problem = the_problem(classification({f"parameters.{name}": 5}))
    assert problem.where == ("parameters", name)
    assert problem.fix == "Write it under `training:`."


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"training": {"optimizer": "adam"}},
        {"training": {}},
        {
            "training": {},
            "parameters.optimizer": {"type": "categorical", "choices": ["adam"]},
        },
        {"training": {}, "parameters.optimizer": "adam"},
    ],
)
def test_momentum_without_sgd_is_a_problem(overrides: dict[str, Any]) -> None:
    problem = the_problem(classification({**overrides, "parameters.momentum": RATE}))
    assert problem.where == ("parameters", "momentum")
    assert "used by sgd only" in problem.rule


@pytest.mark.parametrize(
    "overrides",
    [
        {"training": {"optimizer": "sgd"}},
        {"training": {}, "parameters.optimizer": "sgd"},
    ],
)
def test_momentum_where_every_trial_uses_sgd_is_none(overrides: dict[str, Any]) -> None:
    assert problems(classification({**overrides, "parameters.momentum": RATE})) == []


OPTIMIZERS = {"training": {}, "parameters.optimizer": {"type": "categorical"}}
OPTIMIZERS["parameters.optimizer"]["choices"] = ["adam", "sgd"]


def test_momentum_that_is_drawn_in_vain_is_told_its_condition() -> None:
    problem = the_problem(classification({**OPTIMIZERS, "parameters.momentum": RATE}))
    assert "drawn for adam in vain" in problem.rule
    assert problem.fix == 'Add `when: "optimizer == sgd"`.'


def test_momentum_with_its_condition_is_none() -> None:
    momentum = {**RATE, "when": "optimizer == sgd"}
    assert problems(classification({**OPTIMIZERS, "parameters.momentum": momentum})) == []


UNITS = {"type": "int", "low": 4, "high": 16}
LAYERS = {"type": "int", "low": 0, "high": 3}
CHOICE = {"type": "categorical", "choices": ["mlp", "linear"]}


@pytest.mark.parametrize(
    ("parameters", "where", "rule", "fix"),
    [
        (
            {"layers": 3, "hidden_units": {**UNITS, "repeat": 2}},
            "hidden_units",
            "`hidden_units` has a value for each of 3 layers, but comes to 2 values",
            "Write `repeat: layers`.",
        ),
        (
            {"hidden_units": {**UNITS, "repeat": 2}},
            "hidden_units",
            "`hidden_units` has a value for each of 1 layers, but comes to 2 values",
            "Write `repeat: layers`.",
        ),
        (
            {"layers": 2, "dropout": [0.1, 0.2], "dropout_last": 0.5},
            "dropout",
            "`dropout` has a value for each of 1 layers, but comes to 2 values",
            "Write `repeat: layers`.",
        ),
        (
            {"learning_rate": {**RATE, "repeat": 2}},
            "learning_rate",
            "`learning_rate` is one value, and is not repeated.",
            "Drop `repeat:`.",
        ),
        (
            {"base": UNITS, "hidden_units": {"expression": "base / 2"}},
            "hidden_units",
            "`hidden_units` is a whole number from 1, or a list of one per hidden layer, but",
            "",
        ),
        (
            {"layers": {"type": "int", "low": 1, "high": 2}, "base": {"expression": "layers"}},
            "base",
            "neither the model 'mlp' nor the trainer uses 'base'.",
            "Known: ",
        ),
        (
            {"layers": 2, "learning_rate": {"expression": "layers - 2"}},
            "learning_rate",
            "the trainer refuses learning_rate: 0 (input should be greater than 0).",
            "",
        ),
        (
            {"model": {**CHOICE, "choices": ["mlp", "linaer"]}},
            "model",
            "there is no model 'linaer'.",
            "Did you mean 'linear'?",
        ),
        (
            {"model": CHOICE, "layers": UNITS},
            "layers",
            "`layers` is a parameter of mlp only, and the model varies.",
            "Call it mlp.layers.",
        ),
        (
            {"model": CHOICE, "linear.layers": UNITS},
            "linear.layers",
            "neither the model 'linear' nor the trainer uses 'layers'.",
            "Remove it.",
        ),
        (
            {"model": CHOICE, "mlp.layer": UNITS},
            "mlp.layer",
            "neither the model 'mlp' nor the trainer uses 'layer'.",
            "Did you mean 'layers'?",
        ),
        (
            {"model": CHOICE, "mlp.hidden_units": {**UNITS, "low": 0}},
            "mlp.hidden_units",
            "`hidden_units` is a whole number from 1, or a list of one per hidden layer, but got",
            "",
        ),
        (
            {"model": CHOICE, "cnn.layers": UNITS},
            "cnn.layers",
            "`cnn.layers` is drawn in vain: cnn is not one of the models.",
            "Add cnn to the choices of `model`, or remove it.",
        ),
    ],
)
def test_a_space_that_no_trial_can_have_is_a_problem(
    parameters: dict[str, Any], where: str, rule: str, fix: str
) -> None:
    overrides: dict[str, Any] = {"parameters": parameters, "training": {}}
    path = FLAT
    if "model" in parameters:
        overrides["model"] = None
    problem = the_problem(load(path, overrides))
    assert problem.where == ("parameters", where)
    assert problem.rule.startswith(rule)
    assert problem.fix.startswith(fix)


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "layers": {"type": "int", "low": 0, "high": 3},
            "hidden_units": {**UNITS, "repeat": "layers"},
        },
        {"layers": 2, "hidden_units": [64, 32], "dropout": [0.1, 0.2]},
        {"layers": 2, "dropout": {**RATE, "repeat": "layers - 1"}, "dropout_last": RATE},
        {"layers": 2, "dropout": [0.1], "dropout_last": 0.5},
        {"base": UNITS, "hidden_units": {"expression": "2 * base"}},
        {
            "use": {"type": "categorical", "choices": [False, True]},
            "dropout": {**RATE, "when": "use"},
        },
        {
            "model": CHOICE,
            "mlp.layers": {"type": "int", "low": 1, "high": 3},
            "learning_rate": RATE,
        },
        {"model": "linear", "learning_rate": RATE},
        {"mlp.layers": 2},
    ],
)
def test_a_space_that_every_trial_can_have_is_none(parameters: dict[str, Any]) -> None:
    overrides = {"parameters": parameters, "training": {}}
    model = {"model": None} if "model" in parameters else {}
    assert problems(load(FLAT, overrides | model)) == []


@pytest.mark.parametrize(
    ("name", "parameter", "refused"),
    [
        ("learning_rate", {"type": "float", "low": 0.0, "high": 0.1}, "0.0"),
        ("learning_rate", -0.5, "-0.5"),
        ("batch_size", {"type": "int", "low": 0, "high": 64}, "0"),
        ("batch_size", {"type": "float", "low": 16.5, "high": 64.0}, "16.5"),
        ("batch_size", {"type": "categorical", "choices": [32, "all"]}, "all"),
        ("batch_size", {"type": "categorical", "choices": [None, 32]}, "None"),
        ("optimizer", {"type": "categorical", "choices": ["adam", "adagrad"]}, "adagrad"),
        ("weight_decay", {"type": "float", "low": -0.1, "high": 0.1}, "-0.1"),
    ],
)
def test_value_that_the_trainer_refuses_is_named(
    name: str, parameter: object, refused: str
) -> None:
    problem = the_problem(classification({"training": {}, f"parameters.{name}": parameter}))
    assert problem.where == ("parameters", name)
    assert problem.rule.startswith(f"the trainer refuses {name}: {refused} (")


@pytest.mark.parametrize(
    ("overrides", "where", "rule", "fix"),
    [
        (
            {"parameters.kernel_size": UNITS},
            ("parameters", "kernel_size"),
            "neither the model 'mlp' nor the trainer uses 'kernel_size'.",
            "It is a parameter of cnn.",
        ),
        (
            {"model": {"name": "mlp", "stages": 2}},
            ("model", "stages"),
            "the model 'mlp' has no parameter 'stages'.",
            "It is a parameter of resnet.",
        ),
        (
            {"parameters.activation": {"type": "categorical", "choices": ["relu", "relv"]}},
            ("parameters", "activation"),
            "`activation` is one of relu, leaky_relu, elu, selu, gelu, silu, tanh, but got "
            "'relv'.",
            "",
        ),
        (
            {"model": {"name": "mlp", "norm": "group"}},
            ("model", "norm"),
            "`norm` is one of none, batch, layer, but got 'group'.",
            "",
        ),
        (
            {"parameters.start_from": "weights.pt"},
            ("parameters", "start_from"),
            "`start_from` is the same for all trials.",
            "Write it under `training:`.",
        ),
    ],
)
def test_what_belongs_elsewhere_is_told_where(
    overrides: dict[str, Any], where: Where, rule: str, fix: str
) -> None:
    problem = the_problem(classification(overrides))
    assert (problem.where, problem.rule, problem.fix) == (where, rule, fix)


def test_a_cost_of_ones_own_is_no_choice(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text("def f(outputs, targets): pass")
    choices = {"type": "categorical", "choices": ["cross_entropy", f"{tmp_path}/c.py:f"]}
    problem = the_problem(classification({"parameters.cost": choices}))
    rule = f"a cost of your own is the same for all trials, but {tmp_path}/c.py:f varies here."
    assert problem == Problem(("parameters", "cost"), rule, "Write it under `training:`.")


SIZE = {"type": "int", "low": 8, "high": 32}


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (
            {"model": "gru", "parameters": {"learning_rate": RATE, "embedding_size": SIZE}},
            ("parameters", "embedding_size"),
        ),
        (
            {
                "model": {"name": "lstm", "embedding_size": 8},
                "parameters": {"learning_rate": RATE},
            },
            ("model", "embedding_size"),
        ),
        (
            {
                "parameters": {
                    "model": {"type": "categorical", "choices": ["mlp", "gru"]},
                    "gru.embedding_size": SIZE,
                },
                "constraints": [],
            },
            ("parameters", "gru.embedding_size"),
        ),
    ],
)
def test_size_of_word_vectors_takes_words(
    said: dict[str, Any], where: tuple[str, str], tmp_path: Path
) -> None:
    base = FLAT if "model" in said else SPACES / "architectures.yaml"
    problem = the_problem(load(base, said))
    assert problem.where == where
    assert "no column is words" in problem.rule
    (path := tmp_path / "reviews.csv").touch()
    words = {"source": str(path), "target": "y", "columns": {"review": "words"}}
    reading = load(base, {**said, "data": words})
    assert not [p for p in problems(reading) if p.where == where]


@pytest.mark.parametrize("model", ["mlp", "cnn", "tabular"])
def test_words_take_a_model_that_reads_them(model: str, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.touch()
    data = {"source": str(path), "target": "y", "columns": {"review": "words"}}
    fixed = {"data": data, "parameters": {"learning_rate": RATE}}
    problem = the_problem(classification({**fixed, "model": model}))
    assert problem.where == ("data", "columns", "review")
    assert problem.rule == f"'review' is read word by word, which {model} does not do."
    assert problem.fix == "Use lstm or gru, or write `review: text`, which counts the words."
    assert problems(classification({**fixed, "model": "gru"})) == []


def test_a_network_for_pictures_takes_no_list_of_numbers() -> None:
    fixed = {"model": "resnet18", "parameters": {"learning_rate": RATE}}
    flat = {"data": {"source": "sklearn:digits"}}
    problem = the_problem(classification({**fixed, **flat}))
    assert problem.where == ("model",)
    assert problem.rule == "resnet18 takes pictures, but a row here is a list of numbers."
    shaped = {"data": {"source": "sklearn:digits", "preprocess": {"shape": [1, 8, 8]}}}
    assert problems(classification({**fixed, **shaped})) == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("weights.txt", "`start_from` is a file of weights (.safetensors, .pt, .pth), but got"),
        ("missing.pt", "there is no file "),
    ],
)
def test_first_weights_are_a_file_that_is_there(name: str, rule: str, tmp_path: Path) -> None:
    problem = the_problem(classification({"training.start_from": str(tmp_path / name)}))
    assert problem.where == ("training", "start_from")
    assert problem.rule.startswith(rule)
    (tmp_path / "there.PT").touch()
    assert problems(classification({"training.start_from": str(tmp_path / "there.PT")})) == []


def test_momentum_of_one_is_refused_at_the_upper_end() -> None:
    momentum = {"type": "float", "low": 0.0, "high": 1.0}
    overrides = {"training": {"optimizer": "sgd"}, "parameters.momentum": momentum}
    problem = the_problem(classification(overrides))
    assert problem.rule.startswith("the trainer refuses momentum: 1.0 (")


@pytest.mark.parametrize("task", ["binary", "classification"])
def test_numbers_are_no_target_of_a_classification(task: str) -> None:
    overrides = {"task": task, "objective": {"metric": "validation_loss"}}
    problem = the_problem(regression(overrides))
    assert problem.where == ("task",)
    assert problem.fix == "Write `task: regression`."


def test_classes_are_no_target_of_a_regression() -> None:
    overrides = {"data.source": "sklearn:wine", "data.target": "label"}
    problem = the_problem(regression(overrides))
    assert problem.where == ("task",)
    assert problem.fix == "Write `task: classification`."


def test_numbers_cannot_be_stratified() -> None:
    problem = the_problem(regression({"data.split.stratify": True}))
    assert problem.where == ("data", "split", "stratify")


def test_label_is_another_word_for_classes_and_not_for_numbers() -> None:
    assert problems(classification({"data.target": "label"})) == []
    assert the_problem(regression({"data.target": "label"})).where == ("data", "target")


@pytest.mark.parametrize(
    ("metric", "worst", "best"),
    [
        ("validation_loss", "maximize", "minimize"),
        ("validation_accuracy", "minimize", "maximize"),
    ],
)
def test_direction_that_looks_for_the_worst_is_a_problem(
    metric: str, worst: str, best: str
) -> None:
    problem = the_problem(classification({"objective": {"metric": metric, "direction": worst}}))
    assert problem.where == ("objective", "direction")
    assert f"`direction: {best}`" in problem.fix
    assert problems(classification({"objective": {"metric": metric, "direction": best}})) == []


def test_all_problems_are_found_at_once() -> None:
    overrides = {"data.target": "x", "objective.metric": "x", "parameters.epochs": 5}
    found = [problem.where for problem in problems(classification(overrides))]
    assert found == [("data", "target"), ("objective", "metric"), ("parameters", "epochs")]


def test_a_table_needs_a_file_and_a_target(tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    missing, unsaid = problems(classification({"data.source": str(path)}))
    assert (missing.where, missing.rule) == (("data", "source"), f"there is no file {path}.")
    assert (unsaid.where, unsaid.fix) == (("data",), "Add `target:`.")
    path.write_text("a,label\n1,x\n")
    assert problems(classification({"data": {"source": str(path), "target": "label"}})) == []


# What is said of the data fits the kind of source it is


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """A source of each kind. None can be read: whoever tries falls over it."""
    for name in ("rows.csv", "x.npy", "y.npy", "both.npz", "shop.db"):
        (tmp_path / name).write_bytes(b"\x00 not what it is called")
    (tmp_path / "images" / "cats").mkdir(parents=True)
    (tmp_path / "images" / "cats" / "1.png").write_bytes(b"no picture")
    (tmp_path / "own.py").write_text("raise SystemExit('this code was run')\n")
    return {
        "built-in": "sklearn:digits",
        "table": f"{tmp_path}/rows.csv",
        "address": "https://me:secret@nowhere.invalid/rows.csv",
        "arrays": f"{tmp_path}/both.npz",
        "pictures": f"{tmp_path}/images",
        "database": f"sqlite:///{tmp_path}/shop.db",
        "function": f"{tmp_path}/own.py:rows",
    }


NEEDED: dict[str, dict[str, Any]] = {
    "table": {"target": "y"},
    "address": {"target": "y"},
    "database": {"target": "y", "query": "SELECT 1"},
}


def found_of(places: dict[str, str], kind: str, **said: Any) -> list[Problem]:
    data = {"source": places[kind], **NEEDED.get(kind, {}), **said}
    return problems(classification({"data": data}))


KEYS: list[tuple[str, dict[str, Any], tuple[str, ...], set[str]]] = [
    ("query", {"query": "SELECT 1"}, ("query",), {"database"}),
    (
        "target",
        {"target": "target"},
        ("target",),
        {"built-in", "table", "address", "arrays", "database", "function"},
    ),
    *(
        (key, {key: value}, (key,), {"table", "address", "database", "function"})
        for key, value in (("columns", {"a": "drop"}), ("allow", ["a"]))
    ),
    *(
        (key, {"split": {key: "a"}}, ("split", key), {"table", "address", "database", "function"})
        for key in ("groups", "time")
    ),
    ("size", {"preprocess": {"size": 8}}, ("preprocess", "size"), {"pictures"}),
    (
        "shape",
        {"preprocess": {"shape": [8, 8]}},
        ("preprocess", "shape"),
        {"built-in", "arrays", "function"},
    ),
    *(
        (
            key,
            {"preprocess": {key: 9}},
            ("preprocess", key),
            {"table", "address", "database", "function"},
        )
        for key in ("words", "vocabulary")
    ),
]


@pytest.mark.parametrize(("key", "said", "where", "kinds"), KEYS, ids=[key[0] for key in KEYS])
@pytest.mark.parametrize(
    "kind", ["built-in", "table", "address", "arrays", "pictures", "database", "function"]
)
def test_a_key_that_says_nothing_of_a_source_is_misplaced(
    places: dict[str, str],
    kind: str,
    key: str,
    said: dict[str, Any],
    where: tuple[str, ...],
    kinds: set[str],
) -> None:
    found = found_of(places, kind, **said)
    if kind in kinds:
        assert found == []
        return
    (problem,) = found
    assert problem.where == ("data", *where)
    assert problem.rule.startswith(f"`{key}:` is for a source of another kind than ")
    assert problem.fix == "Remove it."


@pytest.mark.parametrize("kind", ["built-in", "database", "function"])
def test_a_file_of_test_rows_is_misplaced_where_rows_are_in_no_file(
    places: dict[str, str], kind: str
) -> None:
    found = found_of(places, kind, test=places["table"])
    assert {problem.where for problem in found} == {("data", "test")}
    assert "table or arrays or pictures" in found[0].rule


@pytest.mark.parametrize("kind", ["table", "address", "arrays", "pictures"])
def test_test_rows_are_kept_as_the_others_are(places: dict[str, str], kind: str) -> None:
    for other in ("table", "address", "arrays", "pictures", "function", "built-in"):
        found = found_of(places, kind, test=places[other])
        alike = {kind, other} <= {"table", "address"} or kind == other
        assert [problem.where for problem in found] == [("data", "test")] * (not alike)


@pytest.mark.parametrize("kind", ["built-in", "arrays", "pictures"])
def test_what_has_no_dates_may_say_so(places: dict[str, str], kind: str) -> None:
    assert found_of(places, kind, split={"time": "none"}) == []


@pytest.mark.parametrize(
    ("data", "where", "rule"),
    [
        ({"source": "{}/no.csv", "target": "y"}, "source", "there is no file {}/no.csv."),
        ({"source": "{}/no.npz"}, "source", "there is no file {}/no.npz."),
        ({"source": "{}/images.csv", "target": "y"}, "source", "there is no file {}/images.csv."),
        ({"source": "{}/rows.csv", "target": "y", "test": "{}/no.csv"}, "test", "no file {}/no."),
        ({"source": "{}/x.npy", "target": "{}/no.npy"}, "target", "there is no file {}/no.npy."),
        ({"source": "{}/no.py:rows"}, "source", "{}/no.py: there is no such file."),
        ({"source": "no_such_module:rows"}, "source", "no file of a module 'no_such_module'"),
        ({"source": "{}/no_folder"}, "source", "there is no data source '{}/no_folder'."),
        ({"source": "{}/own.py"}, "source", "there is no data source '{}/own.py'."),
    ],
)
def test_what_is_not_there_is_told_before_anything_starts(
    places: dict[str, str], tmp_path: Path, data: dict[str, str], where: str, rule: str
) -> None:
    (tmp_path / "images.csv").mkdir()
    full = {key: value.format(tmp_path) for key, value in data.items()}
    problem = the_problem(classification({"data": full}))
    assert problem.where == ("data", where)
    assert rule.format(tmp_path) in problem.rule


@pytest.mark.parametrize(
    ("kind", "missing", "fix"),
    [
        ("table", "target", "Add `target:`."),
        ("address", "target", "Add `target:`."),
        ("database", "target", "Add `target:`."),
        ("database", "query", "Add `query:`."),
    ],
)
def test_what_a_source_needs_is_asked_for(
    places: dict[str, str], kind: str, missing: str, fix: str
) -> None:
    (problem,) = found_of(places, kind, **{missing: None})
    assert (problem.where, problem.fix) == (("data",), fix)


@pytest.mark.parametrize(
    "said", [{"target": None}, {"query": "SELECT 1"}, {"test": "sklearn:iris"}]
)
def test_no_password_is_in_a_problem(places: dict[str, str], said: dict[str, Any]) -> None:
    told = [f"{p.rule} {p.fix}" for p in found_of(places, "address", **said)]
    told += [
        f"{p.rule} {p.fix}"
        for p in found_of(places, "table", test="https://me:secret@host/rows.npz")
    ]
    assert len(told) == 2
    assert "secret" not in " ".join(told)


def test_nothing_is_read_and_none_of_the_users_code_is_run(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **_: Any) -> Any:
        raise AssertionError(arguments)

    experiments = [
        classification({"data": {"source": source, **NEEDED.get(kind, {})}})
        for kind, source in places.items()
    ]
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    assert [problems(experiment) for experiment in experiments] == [[]] * len(experiments)
