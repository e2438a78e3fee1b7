"""The walk through a space: the same draws as a space written by hand in Optuna's words."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from truetune.spaces import (
    Categorical,
    Configuration,
    Derived,
    Float,
    Int,
    Parameter,
    Space,
    load,
)
from truetune.spaces import __file__ as spaces_init
from truetune.spaces.problems import SpaceError

FOLDER = Path(spaces_init).parent
SPACES = sorted(FOLDER.glob("*.yaml"))


def real(low: float, high: float, **keys: Any) -> Float:
    return Float(type="float", low=low, high=high, **keys)


def whole(low: int, high: int, **keys: Any) -> Int:
    return Int(type="int", low=low, high=high, **keys)


def one_of(*choices: Any, **keys: Any) -> Categorical:
    return Categorical(type="categorical", choices=choices, **keys)


def follows(expression: Any, **keys: Any) -> Derived:
    return Derived(expression=expression, **keys)


FLAT: dict[str, Parameter] = {
    "rate": real(1e-4, 1e-1, log=True),
    "optimizer": "adam",
    "batch": one_of(32, 64, 128, 256),
    "layers": whole(1, 5, step=2),
    "units": whole(16, 256, log=True, default=100),
    "dropout": real(0.0, 0.5, step=0.1),
    "bias": one_of(True, False, None, default=False),
    "momentum": real(0.0, 0.99),
    "width": None,
}


def flat_by_hand(trial: optuna.trial.BaseTrial) -> Configuration:
    return {
        "rate": trial.suggest_float("rate", 1e-4, 1e-1, log=True),
        "optimizer": "adam",
        "batch": trial.suggest_categorical("batch", [32, 64, 128, 256]),
        "layers": trial.suggest_int("layers", 1, 5, step=2),
        "units": trial.suggest_int("units", 16, 256, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
        "bias": trial.suggest_categorical("bias", [True, False, None]),
        "momentum": trial.suggest_float("momentum", 0.0, 0.99),
        "width": None,
    }


NESTED: dict[str, Parameter] = {
    "optimizer": one_of("adam", "sgd"),
    "nesterov": one_of(True, False, when="momentum > 0.5"),  # before its parent, in the file
    "momentum": real(0.0, 0.99, when="optimizer == sgd"),
    "layers": whole(1, 3),
    "hidden_units": whole(4, 64, log=True, repeat="layers"),
    "dropout": real(0.0, 0.5, repeat="layers - 1", when="layers > 1"),
    "first": follows("2 * hidden_units[0]"),
    "ratios": follows("hidden_units[i] / hidden_units[0]", repeat="layers"),
    "kinds": ("relu", "tanh"),
    "share": follows("momentum / 2"),
    "size": one_of("small", "medium", "large", ordered=True, repeat=2),
}


def nested_by_hand(trial: optuna.trial.BaseTrial) -> Configuration:
    values: Configuration = {"optimizer": trial.suggest_categorical("optimizer", ["adam", "sgd"])}
    if values["optimizer"] == "sgd":
        values["momentum"] = trial.suggest_float("momentum", 0.0, 0.99)
        values["share"] = values["momentum"] / 2
        if values["momentum"] > 0.5:
            values["nesterov"] = trial.suggest_categorical("nesterov", [True, False])
    layers = values["layers"] = trial.suggest_int("layers", 1, 3)
    for k in range(layers):
        name = f"hidden_units.{k}"
        values[name] = trial.suggest_int(name, 4, 64, log=True)
        values[f"ratios.{k}"] = values[name] / values["hidden_units.0"]
    for k in range(layers - 1):
        values[f"dropout.{k}"] = trial.suggest_float(f"dropout.{k}", 0.0, 0.5)
    values["first"] = 2 * values["hidden_units.0"]
    for k in range(2):
        values[f"size.{k}"] = ["small", "medium", "large"][trial.suggest_int(f"size.{k}", 0, 2)]
    return values | {"kinds.0": "relu", "kinds.1": "tanh"}


MODELS: dict[str, Parameter] = {
    "rate": real(0.1, 0.9),
    "mlp.layers": whole(1, 3),
    "mlp.units": whole(4, 8, repeat="layers"),  # of the same branch
    "mlp.inner.gain": real(0.0, 1.0, when="layers > 1"),
    "linear.bias": one_of(True, False),
    "model": one_of("mlp", "linear", "tree"),
}


def models_by_hand(trial: optuna.trial.BaseTrial) -> Configuration:
    values: Configuration = {
        "rate": trial.suggest_float("rate", 0.1, 0.9),
        "model": trial.suggest_categorical("model", ["mlp", "linear", "tree"]),
    }
    if values["model"] == "mlp":
        layers = values["mlp.layers"] = trial.suggest_int("mlp.layers", 1, 3)
        for k in range(layers):
            values[f"mlp.units.{k}"] = trial.suggest_int(f"mlp.units.{k}", 4, 8)
        if layers > 1:
            values["mlp.inner.gain"] = trial.suggest_float("mlp.inner.gain", 0.0, 1.0)
    if values["model"] == "linear":
        values["linear.bias"] = trial.suggest_categorical("linear.bias", [True, False])
    return values


ByHand = Callable[[optuna.trial.BaseTrial], Configuration]
EXAMPLES = [(FLAT, flat_by_hand), (NESTED, nested_by_hand), (MODELS, models_by_hand)]
with_examples = pytest.mark.parametrize(
    ("parameters", "by_hand"), EXAMPLES, ids=["flat", "nested", "models"]
)


def study(seed: int = 0) -> optuna.Study:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))


class Recorder:
    """Answers from a table, else with the first of the range, and notes what it is asked for."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[str] = []

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return self.answer(name, low)

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        return self.answer(name, low)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self.answer(name, choices[0])

    def answer(self, name: str, otherwise: Any) -> Any:
        assert name not in self.asked
        self.asked.append(name)
        return self.answers.get(name, otherwise)


def asked(parameters: Mapping[str, Parameter], **answers: Any) -> list[str]:
    """Return what a walk asks for, in the order of the questions."""
    recorder = Recorder(answers)
    Space(parameters).suggest(recorder)
    return recorder.asked


def answered(parameters: Mapping[str, Parameter], **answers: Any) -> Configuration:
    return Space(parameters).suggest(Recorder(answers))


def problems(
    parameters: Mapping[str, Parameter], constraints: Sequence[str] = ()
) -> list[tuple[tuple[str | int, ...], str]]:
    """Return place and rule of everything that is wrong between parameters."""
    with pytest.raises(SpaceError) as caught:
        Space(parameters, constraints)
    return [(problem.where, problem.rule) for problem in caught.value.problems]


# What is drawn, and by whom


@with_examples
@pytest.mark.parametrize("seed", range(4))
def test_a_walk_has_what_a_space_written_by_hand_has(
    parameters: dict[str, Parameter], by_hand: ByHand, seed: int
) -> None:
    # From the same answers, in whatever order they are asked for.
    trial = study(seed).ask()
    ours = Space(parameters).suggest(trial)
    assert ours == by_hand(optuna.trial.FixedTrial(trial.params))


@pytest.mark.parametrize("seed", range(5))
def test_a_walk_draws_what_a_space_written_by_hand_draws(seed: int) -> None:
    ours, by_hand = study(seed).ask(), study(seed).ask()
    assert Space(FLAT).suggest(ours) == flat_by_hand(by_hand)


@with_examples
def test_a_walk_leaves_the_distributions_of_a_space_written_by_hand(
    parameters: dict[str, Parameter], by_hand: ByHand
) -> None:
    space, searching = Space(parameters), study()
    for _ in range(30):
        ours = searching.ask()
        space.suggest(ours)
        copied = optuna.trial.FixedTrial(ours.params)
        by_hand(copied)
        assert ours.distributions == copied.distributions


@with_examples
def test_a_trial_holds_exactly_what_varies(
    parameters: dict[str, Parameter], by_hand: ByHand
) -> None:
    space, searching = Space(parameters), study()
    for _ in range(30):
        trial = searching.ask()
        configuration = space.suggest(trial)
        assert space.asked(configuration) == trial.params


@with_examples
def test_what_was_asked_and_told_and_is_fixed_makes_the_configuration(
    parameters: dict[str, Parameter], by_hand: ByHand
) -> None:
    space, random = Space(parameters), Random(1)
    for _ in range(30):
        configuration = space.draw(random)
        asked_for, told = space.asked(configuration), space.told(configuration)
        fixed = {k: v for k, v in configuration.items() if k not in asked_for and k not in told}
        assert configuration == asked_for | told | fixed
        assert {name.split(".")[0] for name in told} <= {"first", "ratios", "share", "size"}
        assert set(fixed.values()) <= {"adam", "relu", "tanh", None}


def test_a_configuration_keeps_the_order_of_the_file() -> None:
    backwards = dict(reversed(FLAT.items()))
    trial = study().ask()
    assert list(Space(backwards).suggest(trial)) == list(backwards)
    assert list(trial.params) == [k for k in backwards if k not in ("optimizer", "width")]


def test_a_walk_takes_the_values_of_a_fixed_trial() -> None:
    values = {"rate": 1e-3, "batch": 128, "layers": 3, "units": 17, "dropout": 0.2}
    values |= {"bias": None, "momentum": 0.9}
    configuration = Space(FLAT).suggest(optuna.trial.FixedTrial(values))
    assert configuration == values | {"optimizer": "adam", "width": None}


def test_nobody_is_asked_for_a_fixed_value() -> None:
    fixed: dict[str, Parameter] = {"dropout": 0.1, "bias": True, "name": None}
    assert asked(fixed) == []
    assert answered(fixed) == fixed


def test_a_list_is_a_fixed_value_for_each_element() -> None:
    configuration = answered({"units": (64, 32), "names": ("a", None)})
    assert configuration == {"units.0": 64, "units.1": 32, "names.0": "a", "names.1": None}
    assert asked({"units": (64, 32)}) == []


def test_defaults_come_from_the_file_or_the_middle() -> None:
    configuration = Space(FLAT).default()
    assert configuration.pop("rate") == pytest.approx(10**-2.5)
    assert configuration == {
        "optimizer": "adam",
        "batch": 64,
        "layers": 3,
        "units": 100,
        "dropout": 0.2,
        "bias": False,
        "momentum": 0.495,
        "width": None,
    }


def test_defaults_keep_the_order_of_the_file() -> None:
    assert list(Space(FLAT).default()) == list(FLAT)


def test_the_defaults_of_what_is_active_alone_are_there() -> None:
    assert Space(NESTED).default() == {
        "optimizer": "adam",
        "layers": 2,
        "hidden_units.0": 16,
        "hidden_units.1": 16,
        "dropout.0": 0.25,
        "first": 32,
        "ratios.0": 1.0,
        "ratios.1": 1.0,
        "kinds.0": "relu",
        "kinds.1": "tanh",
        "size.0": "medium",
        "size.1": "medium",
    }


def test_each_element_may_have_a_default_of_its_own() -> None:
    units = whole(4, 64, repeat=4, default=(64, 32))
    assert list(Space({"units": units}).default().values()) == [64, 32, 32, 32]


@with_examples
def test_optuna_takes_the_defaults_unchanged(
    parameters: dict[str, Parameter], by_hand: ByHand
) -> None:
    starting, space = study(), Space(parameters)
    defaults = space.default()
    starting.enqueue_trial(space.asked(defaults))
    # Optuna warns of an enqueued value outside its range, and a warning is an error here.
    trial = starting.ask()
    assert space.suggest(trial) == defaults
    assert trial.params == space.asked(defaults)


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.name)
def test_optuna_takes_the_defaults_of_a_shipped_space_unchanged(path: Path) -> None:
    space = load(path).space
    trial = optuna.trial.FixedTrial(space.asked(space.default()))
    assert space.suggest(trial) == space.default()


def test_the_shipped_space_asks_for_the_ranges_it_shows() -> None:
    space = load(FOLDER / "mlp.yaml").space
    trial = study().ask()
    space.suggest(trial)
    layers, optimizer = trial.params["layers"], trial.params["optimizer"]
    units = optuna.distributions.IntDistribution(16, 256, log=True)
    momentum = {"momentum": optuna.distributions.FloatDistribution(0.0, 0.99)}
    assert trial.distributions == {
        "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
        "batch_size": optuna.distributions.CategoricalDistribution((32, 64, 128, 256)),
        "layers": optuna.distributions.IntDistribution(1, 3),
        **{f"hidden_units.{k}": units for k in range(layers)},
        "dropout": optuna.distributions.FloatDistribution(0.0, 0.5),
        "optimizer": optuna.distributions.CategoricalDistribution(("adam", "sgd")),
        **(momentum if optimizer == "sgd" else {}),
    }


# What is there, and when


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, ["optimizer"]),
        ({"optimizer": "sgd"}, ["optimizer", "momentum"]),
        ({"optimizer": "sgd", "momentum": 0.9}, ["optimizer", "momentum", "nesterov"]),
        ({"optimizer": "adam", "momentum": 0.9}, ["optimizer"]),
    ],
)
def test_what_is_not_active_is_not_asked_for(answers: dict[str, Any], expected: list[str]) -> None:
    parameters = {name: NESTED[name] for name in ("optimizer", "nesterov", "momentum")}
    assert asked(parameters, **answers) == expected
    assert list(answered(parameters, **answers)) == expected


def test_two_configurations_that_differ_only_in_what_is_not_active_are_equal() -> None:
    one = answered(NESTED, optimizer="adam", momentum=0.1)
    other = answered(NESTED, optimizer="adam", momentum=0.9, nesterov=False)
    assert one == other
    assert one != answered(NESTED, optimizer="sgd", momentum=0.1)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_a_repeated_parameter_is_asked_for_once_for_each_element(n: int) -> None:
    parameters = {"units": whole(4, 64, repeat="layers"), "layers": whole(0, 5)}
    assert asked(parameters, layers=n) == ["layers", *(f"units.{k}" for k in range(n))]


def test_what_is_repeated_no_times_is_absent() -> None:
    parameters = {
        "n": whole(0, 3),
        "units": whole(4, 8, repeat="n"),
        "sum": follows("sum(units)"),
        "most": follows("max(units)"),
        "first": follows("units[0]"),
    }
    assert answered(parameters) == {"n": 0}
    assert answered(parameters, n=1) == {"n": 1, "units.0": 4, "sum": 4, "most": 4, "first": 4}


def test_a_number_repeats_as_often() -> None:
    assert asked({"units": whole(4, 64, repeat=3)}) == ["units.0", "units.1", "units.2"]
    assert asked({"units": whole(4, 64, repeat=1)}) == ["units.0"]


def test_a_repeat_may_be_reckoned() -> None:
    parameters = {"layers": whole(1, 4), "units": whole(4, 64, repeat="2 * layers - 1")}
    assert len(asked(parameters, layers=3)) == 1 + 5


def test_what_is_repeated_as_often_as_something_absent_is_not_there() -> None:
    parameters = {
        "deep": one_of(False, True),
        "layers": whole(1, 4, when="deep"),
        "units": whole(4, 64, repeat="layers"),
        "sum": follows("sum(units)"),
    }
    assert asked(parameters) == ["deep"]
    assert asked(parameters, deep=True) == ["deep", "layers", "units.0"]


def test_parents_come_before_children_whatever_the_order_of_the_file() -> None:
    chain = {
        "a": one_of(True, False),
        "b": whole(1, 3, when="a"),
        "c": whole(1, 3, repeat="b"),
        "d": follows("b + c[0]"),
        "e": real(0, 1, when="d > 1"),
    }
    orders = [dict(order) for order in itertools.permutations(chain.items())]
    answers = {"a": True, "b": 2, "e": 0.5}
    expected = {"a": True, "b": 2, "c.0": 1, "c.1": 1, "d": 3, "e": 0.5}
    assert [order for order in orders if answered(order, **answers) != expected] == []
    assert {tuple(asked(order, **answers)) for order in orders} == {("a", "b", "c.0", "c.1", "e")}


def test_what_depends_on_nothing_keeps_the_order_of_the_file() -> None:
    parameters = {"z": whole(1, 2), "b": whole(1, 2, when="a > 1"), "y": 3, "a": whole(1, 2)}
    assert list(answered(parameters, a=2)) == ["z", "a", "b", "y"]


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"a": whole(1, 2, when="a > 1")}, "a -> a"),
        ({"a": whole(1, 2, repeat="a[0]")}, "a -> a"),
        ({"a": follows("a + 1")}, "a -> a"),
        ({"a": whole(1, 2, when="b > 1"), "b": whole(1, 2, when="a > 1")}, "a -> b -> a"),
        ({"a": follows("b"), "b": follows("c"), "c": follows("a")}, "a -> b -> c -> a"),
        ({"a": follows("2 * n[0]"), "n": whole(1, 2, repeat="a")}, "a -> n -> a"),
        (
            {"model": one_of("mlp", when="mlp.x > 1"), "mlp.x": whole(1, 2)},
            "model -> mlp.x -> model",
        ),
    ],
)
def test_a_circle_is_refused_with_the_names_in_it(
    parameters: dict[str, Parameter], path: str
) -> None:
    name = path.split(" ")[0]
    found = [(where, rule) for where, rule in problems(parameters) if "circle" in rule]
    rule = f"these depend on each other in a circle: {path}."
    assert found == [(("parameters", name), rule)]


@pytest.mark.parametrize(
    ("parameters", "where", "rule"),
    [
        ({"a": whole(1, 2, when="b > 1")}, ("a", "when"), "there is no parameter 'b'."),
        ({"a": whole(1, 2, repeat="b")}, ("a", "repeat"), "there is no parameter 'b'."),
        ({"a": follows("b")}, ("a", "expression"), "there is no parameter 'b'."),
        ({"a": whole(1, 2, when="3")}, ("a", "when"), "a condition comes to a boolean"),
        ({"a": whole(1, 2, when="'x'")}, ("a", "when"), "a condition comes to a boolean"),
        ({"a": whole(1, 2, repeat="true")}, ("a", "repeat"), "a repeat comes to a number"),
        ({"a": whole(1, 2, repeat="i")}, ("a", "repeat"), "`i` counts elements, and cannot"),
        ({"a": whole(1, 2, when="i > 0", repeat=2)}, ("a", "when"), "`i` counts elements"),
        ({"a": follows("i")}, ("a", "expression"), "`i` counts the elements of a repeated"),
        ({"a": whole(1, 2, repeat="0.5")}, ("a", "repeat"), "is a whole number from 0 to 1000"),
        ({"a": whole(1, 2, repeat="-1")}, ("a", "repeat"), "is a whole number from 0 to 1000"),
        ({"a": whole(1, 2, repeat="1001")}, ("a", "repeat"), "is a whole number from 0 to 1000"),
        ({"a": follows("1 / 0")}, ("a", "expression"), "has no value where"),
        (
            {"n": whole(0, 3, default=1), "a": follows("1 / n")},
            ("a", "expression"),
            "`1 / n` has no value where n: 0",
        ),
        (
            {"n": whole(0, 3, default=1), "a": whole(1, 2, when="2 // n > 1")},
            ("a", "when"),
            "`2 // n > 1` has no value where n: 0",
        ),
        ({"a": 1, "a.b": 2}, ("a.b",), "`a` is a parameter of its own"),
        ({"a.b.c": 2, "a": 1}, ("a.b.c",), "`a` is a parameter of its own"),
        ({"a.b": 1, "a.b.c": 2}, ("a.b.c",), "`a.b` is a parameter of its own"),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_stands(
    parameters: dict[str, Parameter], where: tuple[str, ...], rule: str
) -> None:
    ((found_where, found_rule),) = problems(parameters)
    assert found_where == ("parameters", *where)
    assert rule in found_rule


def test_everything_that_does_not_fit_together_is_told_at_once() -> None:
    parameters = {
        "a": whole(1, 2, when="x > 1", repeat="y"),
        "b": follows("z"),
        "b.c": 3,
    }
    places = [where for where, _ in problems(parameters, ["w > 1"])]
    assert sorted(places, key=str) == [
        ("constraints", 0),
        ("parameters", "a", "repeat"),
        ("parameters", "a", "when"),
        ("parameters", "b", "expression"),
        ("parameters", "b.c"),
    ]


numbers = st.integers(0, 3)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(
    parents=st.lists(st.tuples(st.integers(0, 9), numbers) | st.none(), min_size=2, max_size=8),
    values=st.lists(numbers, min_size=8, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_a_parameter_is_there_where_its_whole_line_of_parents_allows_it(
    parents: list[tuple[int, int] | None], values: list[int], order: Any
) -> None:
    """Compare with a recursion over numbered parameters, each of which has one parent or none."""

    def is_there(k: int) -> bool:
        if k == 0 or (condition := parents[k]) is None:
            return True
        parent, bound = condition[0] % k, condition[1]
        return is_there(parent) and values[parent] > bound

    names = list(range(len(parents)))
    order.shuffle(names)
    parameters: dict[str, Parameter] = {}
    for k in names:
        condition = parents[k] if k else None
        when = None if condition is None else f"p{condition[0] % k} > {condition[1]}"
        parameters[f"p{k}"] = whole(0, 3, when=when)
    expected = {f"p{k}": values[k] for k in names if is_there(k)}
    answers = {f"p{k}": values[k] for k in names}
    assert answered(parameters, **answers) == expected
    assert sorted(asked(parameters, **answers)) == sorted(expected)


# Derived values


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 * layers", 6),
        ("units[0] + units[2]", 4 + 6),
        ("sum(units)", 15),
        ("max(units) - min(units)", 2),
        ("kind", "b"),
        ("'wide' if layers > 2 else 'slim'", "wide"),
        ("layers == 3", True),
        (7, 7),
        (0.5, 0.5),
        (True, True),
        ("null", None),
    ],
)
def test_a_derived_value_follows_from_others(expression: Any, value: Any) -> None:
    parameters = {
        "follows": follows(expression),
        "layers": whole(1, 3),
        "units": whole(4, 8, repeat="layers"),
        "kind": one_of("a", "b"),
    }
    answers = {"layers": 3, "units.0": 4, "units.1": 5, "units.2": 6, "kind": "b"}
    configuration = answered(parameters, **answers)
    assert configuration["follows"] == value
    assert type(configuration["follows"]) is type(value)
    assert "follows" not in asked(parameters, **answers)


def test_each_element_of_a_derived_value_follows_from_its_number() -> None:
    parameters = {
        "n": 4,
        "even": follows("2 * i", repeat="n"),
        "odd": follows("even[i] + 1", repeat=3),
    }
    assert answered(parameters) == {
        "n": 4,
        **{f"even.{k}": 2 * k for k in range(4)},
        **{f"odd.{k}": 2 * k + 1 for k in range(3)},
    }


def test_what_follows_from_something_absent_is_absent() -> None:
    parameters = {
        "on": one_of(False, True),
        "rate": real(0, 1, when="on"),
        "twice": follows("2 * rate"),
        "more": follows("twice + 1"),
    }
    assert answered(parameters) == {"on": False}
    assert answered(parameters, on=True) == {"on": True, "rate": 0.0, "twice": 0.0, "more": 1.0}


def test_a_derived_value_may_have_a_condition() -> None:
    parameters = {"n": whole(1, 3), "twice": follows("2 * n", when="n > 1")}
    assert answered(parameters) == {"n": 1}
    assert answered(parameters, n=2) == {"n": 2, "twice": 4}


def test_an_element_that_is_absent_does_not_move_the_others() -> None:
    parameters = {
        "units": (1, 2, 3),
        "before": follows("units[i - 1]", repeat=3),  # nothing is before the first
        "copy": follows("before[i]", repeat=3),
    }
    configuration = answered(parameters)
    copies = {k.replace("copy", "before"): v for k, v in configuration.items() if "copy" in k}
    assert copies == {"before.1": 1, "before.2": 2}


# The model, and its branches


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (
            {"model": "mlp", "mlp.layers": 2},
            {"rate", "model", "mlp.layers", "mlp.units.0", "mlp.units.1", "mlp.inner.gain"},
        ),
        ({"model": "mlp", "mlp.layers": 1}, {"rate", "model", "mlp.layers", "mlp.units.0"}),
        ({"model": "linear"}, {"rate", "model", "linear.bias"}),
        ({"model": "tree"}, {"rate", "model"}),
    ],
)
def test_only_the_chosen_branch_is_asked_for(answers: dict[str, Any], expected: set[str]) -> None:
    assert set(asked(MODELS, **answers)) == expected


def test_the_model_is_asked_for_before_its_branches() -> None:
    names = asked(MODELS, model="linear")
    assert names.index("model") < names.index("linear.bias")


def test_a_branch_may_speak_of_what_lies_outside_it() -> None:
    parameters = MODELS | {"mlp.wide": follows("rate > 0.5 and inner.gain > 0.5")}
    answers = {"model": "mlp", "mlp.layers": 2, "mlp.inner.gain": 0.9, "rate": 0.9}
    assert answered(parameters, **answers)["mlp.wide"] is True


def test_names_are_looked_up_from_the_inside_out() -> None:
    parameters = {
        "x": 1,
        "a.x": 2,
        "a.b.x": 3,
        "top": follows("x"),
        "a.seen": follows("x"),
        "a.b.seen": follows("x"),
        "a.b.c.seen": follows("x"),
        "a.d.seen": follows("b.x"),
        "e.seen": follows("x"),
        "e.far": follows("a.b.x"),
    }
    configuration = answered(parameters)
    seen = {"top": 1, "a.seen": 2, "a.b.seen": 3, "a.b.c.seen": 3, "a.d.seen": 3}
    seen |= {"e.seen": 1, "e.far": 3}
    assert {name: configuration[name] for name in seen} == seen


def test_a_constraint_about_a_branch_that_was_not_chosen_is_met() -> None:
    space = Space(MODELS, ["mlp.layers < 3 or mlp.units[0] > 100"])
    assert space.broken(space.suggest(Recorder({"model": "linear"}))) == []
    broken = space.suggest(Recorder({"model": "mlp", "mlp.layers": 3}))
    assert space.broken(broken) == ["mlp.layers < 3 or mlp.units[0] > 100"]


def test_a_branch_that_is_no_model_is_always_there() -> None:
    parameters = {"model": one_of("mlp", "linear"), "schedule.warmup": whole(1, 3)}
    assert asked(parameters) == ["model", "schedule.warmup"]


# Constraints

PAIR = {"a": whole(1, 9), "b": whole(1, 9), "c": whole(1, 9, when="a > 5")}


@pytest.mark.parametrize(
    ("constraints", "configuration", "broken"),
    [
        ([], {"a": 1, "b": 1}, []),
        (["a <= b"], {"a": 1, "b": 1}, []),
        (["a <= b"], {"a": 2, "b": 1}, ["a <= b"]),
        (["a <= b", "b < 9"], {"a": 1, "b": 9}, ["b < 9"]),
        (["a <= b", "a < 9"], {"a": 9, "b": 1, "c": 1}, ["a <= b", "a < 9"]),
        (["c < 3"], {"a": 1, "b": 9}, []),
        (["not c < 3"], {"a": 1, "b": 9}, []),
        (["c >= 3"], {"a": 6, "b": 9, "c": 1}, ["c >= 3"]),
        (["c >= 3 or b > 1"], {"a": 6, "b": 9, "c": 1}, []),
        (["  a <= b "], {"a": 2, "b": 1}, ["a <= b"]),
    ],
)
def test_the_constraints_that_a_configuration_breaks_are_named(
    constraints: list[str], configuration: Configuration, broken: list[str]
) -> None:
    assert Space(PAIR, constraints).broken(configuration) == broken


UNITS = {"n": whole(0, 4, default=3), "units": whole(1, 9, repeat="n", default=(7, 5, 3))}


@pytest.mark.parametrize(
    ("constraint", "units", "is_met"),
    [
        ("units[i] <= units[i - 1]", [7, 5, 3], True),
        ("units[i] <= units[i - 1]", [7, 8, 3], False),
        ("units[i] <= units[i - 1]", [7, 5, 6], False),
        ("units[i] <= units[i - 1]", [7], True),
        ("units[i] <= units[i - 1]", [], True),
        ("units[i] >= 3 - i", [7, 5, 3], True),
        ("units[i] >= 3 - i", [2, 5, 3], False),
        ("units[i] >= 3 - i", [7, 1, 3], False),
        ("sum(units) <= 20", [7, 5, 3], True),
        ("sum(units) <= 20", [9, 9, 3], False),
        ("max(units) > 2", [1, 2], False),
        ("max(units) > 2", [], True),
        ("sum(units) + n > 0", [], True),
        ("n > 0", [], False),
        ("units[2] > 2", [1, 1], True),
    ],
)
def test_a_constraint_with_i_holds_for_every_element(
    constraint: str, units: list[int], is_met: bool
) -> None:
    configuration = {"n": len(units), **{f"units.{k}": u for k, u in enumerate(units)}}
    assert Space(UNITS, [constraint]).broken(configuration) == ([] if is_met else [constraint])


def test_the_order_of_a_configuration_does_not_matter_to_its_constraints() -> None:
    parameters = {"units": whole(1, 20, repeat=12, default=tuple(range(8, 20)))}
    space = Space(parameters, ["units[2] <= 10"])
    configuration = space.default()
    assert space.broken(configuration) == []
    assert space.broken(dict(sorted(configuration.items()))) == []  # units.10 before units.2


def test_trial_0_meets_the_constraints() -> None:
    assert problems(PAIR, ["a <= b", "a < 5", "b < 5"]) == [
        (
            ("constraints", 1),
            "trial 0, the default configuration, does not meet `a < 5`.",
        ),
        (
            ("constraints", 2),
            "trial 0, the default configuration, does not meet `b < 5`.",
        ),
    ]


def test_a_default_can_be_given_that_meets_them() -> None:
    parameters = PAIR | {"a": whole(1, 9, default=4), "b": whole(1, 9, default=4)}
    assert Space(parameters, ["a < 5", "b < 5"]).default() == {"a": 4, "b": 4}


@pytest.mark.parametrize("constraints", [["a > 9"], ["a < b", "b < a"], ["a + b < 2"]])
def test_constraints_that_nothing_meets_are_refused(constraints: list[str]) -> None:
    assert problems(PAIR, constraints) == [
        (("constraints",), "not one of 20,000 configurations meets all constraints.")
    ]


@pytest.mark.parametrize(
    ("constraint", "rule"),
    [
        ("x < 3", "there is no parameter 'x'."),
        ("a + b", "a constraint comes to a boolean"),
        ("a = b", "is not an expression"),
        ("i < 3", "`i` counts the elements of a repeated parameter, but none is named here."),
        ("a[i] < 3", "`a` is not repeated"),
        ("units < 3", "`units` is repeated"),
        ("1 / (a - b) > 0", "has no value where"),
    ],
)
def test_an_unsound_constraint_is_refused_where_it_stands(constraint: str, rule: str) -> None:
    ((where, found),) = problems(PAIR | UNITS, ["a > 0", constraint])
    assert where == ("constraints", 1)
    assert rule in found


def test_configurations_are_drawn_with_whether_they_meet_the_constraints() -> None:
    space = Space(PAIR, ["a <= b"])
    drawn = list(itertools.islice(space.feasible(Random(0)), 4000))
    assert all(ok is (values["a"] <= values["b"]) for values, ok in drawn)
    assert sum(ok for _, ok in drawn) / 4000 == pytest.approx(45 / 81, abs=0.03)


# Uniform draws

N_DRAWN = 6000


def drawn(parameters: Mapping[str, Parameter], n: int = N_DRAWN) -> list[Configuration]:
    space, random = Space(parameters), Random(20)
    return [space.draw(random) for _ in range(n)]


def assert_frequencies(values: Sequence[Any], shares: Mapping[Any, float]) -> None:
    """Compare with exact shares, by a test that fails once in a thousand seeds."""
    counts = Counter(values)
    assert counts.keys() <= shares.keys()
    observed = [counts[value] for value in shares]
    expected = [share * len(values) for share in shares.values()]
    assert stats.chisquare(observed, expected).pvalue > 0.001


def logarithmic(low: int, high: int) -> dict[int, float]:
    """Return the share of each whole number: that of the logarithms that round to it."""
    total = math.log((high + 0.5) / (low - 0.5))
    return {k: math.log((k + 0.5) / (k - 0.5)) / total for k in range(low, high + 1)}


@pytest.mark.parametrize(
    ("parameter", "shares"),
    [
        (whole(1, 6), dict.fromkeys(range(1, 7), 1 / 6)),
        (whole(0, 12, step=4), dict.fromkeys(range(0, 13, 4), 1 / 4)),
        (whole(1, 8, log=True), logarithmic(1, 8)),
        (whole(3, 40, log=True), logarithmic(3, 40)),
        (one_of("a", None, 3, True), dict.fromkeys(("a", None, 3, True), 1 / 4)),
        (real(0.0, 1.0, step=0.25), {k / 4: 1 / 5 for k in range(5)}),
    ],
    ids=["int", "step", "log", "wide log", "categorical", "float step"],
)
def test_every_value_is_drawn_as_often_as_it_should_be(
    parameter: Parameter, shares: dict[Any, float]
) -> None:
    assert_frequencies([values["x"] for values in drawn({"x": parameter})], shares)


@pytest.mark.parametrize(
    ("parameter", "distribution"),
    [
        (real(-1.0, 3.0), stats.uniform(-1, 4)),
        (real(1e-4, 1e-1, log=True), stats.loguniform(1e-4, 1e-1)),
    ],
    ids=["linear", "log"],
)
def test_reals_are_drawn_evenly_in_the_range_or_in_its_logarithm(
    parameter: Parameter, distribution: Any
) -> None:
    values = [values["x"] for values in drawn({"x": parameter})]
    assert stats.kstest(values, distribution.cdf).pvalue > 0.001


@pytest.mark.parametrize(
    "parameter",
    [
        real(-1.0, 3.0),
        real(1e-4, 1e-1, log=True),
        real(0.0, 1.0, step=0.1),
        whole(1, 100),
        whole(0, 100, step=5),
        whole(16, 256, log=True),
        whole(1, 3, log=True),
    ],
    ids=["float", "log float", "step", "int", "int step", "log int", "short log int"],
)
def test_draws_are_distributed_as_those_of_optunas_random_sampler(parameter: Parameter) -> None:
    space, sampler = Space({"x": parameter}), optuna.samplers.RandomSampler(seed=3)
    trial = study().ask()
    space.suggest(trial)
    distribution = trial.distributions["x"]
    frozen = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING)
    searching = study()
    theirs = [
        sampler.sample_independent(searching, frozen, "x", distribution) for _ in range(N_DRAWN)
    ]
    ours = [values["x"] for values in drawn({"x": parameter})]
    assert stats.ks_2samp(ours, theirs).pvalue > 0.001


def test_what_is_conditional_is_drawn_as_often_as_its_condition_holds() -> None:
    parameters = {
        "optimizer": one_of("adam", "sgd"),
        "momentum": whole(0, 2, when="optimizer == sgd"),
        "layers": whole(1, 3),
        "units": whole(1, 2, repeat="layers"),
    }
    drawn_values = drawn(parameters)
    cases = [(values["optimizer"], values.get("momentum")) for values in drawn_values]
    assert_frequencies(cases, {("adam", None): 1 / 2, **{("sgd", k): 1 / 6 for k in range(3)}})
    lists = [tuple(v for k, v in values.items() if "units" in k) for values in drawn_values]
    shares = {units: 2**-n / 3 for n in (1, 2, 3) for units in itertools.product((1, 2), repeat=n)}
    assert_frequencies(lists, shares)


def test_the_elements_of_a_repeat_are_drawn_independently() -> None:
    pairs = [tuple(values.values()) for values in drawn({"x": whole(1, 3, repeat=2)})]
    assert_frequencies(pairs, dict.fromkeys(itertools.product((1, 2, 3), repeat=2), 1 / 9))


def test_the_same_seed_draws_the_same_configurations() -> None:
    space = Space(NESTED)
    first, second = Random(5), Random(5)
    assert [space.draw(first) for _ in range(20)] == [space.draw(second) for _ in range(20)]


# Configurations of other spaces


@with_examples
def test_what_a_space_draws_fits_it(parameters: dict[str, Parameter], by_hand: ByHand) -> None:
    space, random = Space(parameters), Random(0)
    for _ in range(50):
        configuration = space.draw(random)
        shuffled = dict(sorted(configuration.items(), key=lambda _: random.random()))
        assert space.fit(shuffled) == configuration


HOME = {
    "rate": real(0.0, 1.0),
    "optimizer": one_of("adam", "sgd"),
    "momentum": real(0.0, 0.9, when="optimizer == sgd"),
    "twice": follows("2 * rate"),
    "bias": True,
}
AT_HOME = {"rate": 0.5, "optimizer": "adam", "twice": 1.0, "bias": True}
WITH_MOMENTUM = AT_HOME | {"optimizer": "sgd", "momentum": 0.5}


@pytest.mark.parametrize(
    ("configuration", "fits"),
    [
        (AT_HOME, True),
        (WITH_MOMENTUM, True),
        (AT_HOME | {"momentum": 0.5}, False),
        (AT_HOME | {"optimizer": "sgd"}, False),
        (AT_HOME | {"rate": 1.5, "twice": 3.0}, False),
        (AT_HOME | {"rate": "0.5"}, False),
        (AT_HOME | {"rate": 1, "twice": 2}, True),
        (AT_HOME | {"optimizer": "lion"}, False),
        (AT_HOME | {"twice": 1.1}, False),
        (AT_HOME | {"bias": False}, False),
        (AT_HOME | {"other": 1}, False),
        (AT_HOME | {"rate": 0.9, "twice": 1.8}, False),  # a constraint
        ({k: v for k, v in AT_HOME.items() if k != "rate"}, False),
        ({k: v for k, v in AT_HOME.items() if k != "bias"}, False),
        ({}, False),
    ],
)
def test_a_configuration_fits_where_it_could_have_been_drawn(
    configuration: Configuration, fits: bool
) -> None:
    space = Space(HOME, ["rate < 0.8 or rate == 1"])
    assert space.fit(configuration) == (configuration if fits else None)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({"rate": real(0.4, 0.6)}, True),
        ({"rate": real(0.6, 0.9)}, False),
        ({"rate": 0.5}, True),
        ({"rate": 0.4}, False),
        ({"optimizer": one_of("sgd", "adam", "lion")}, True),
        ({"optimizer": one_of("sgd", "lion")}, False),
        ({"extra": whole(1, 3)}, False),
        ({"extra": whole(1, 3, when="optimizer == sgd")}, True),
        ({"extra": 3}, False),
        ({"twice": follows("3 * rate")}, False),
        ({"bias": one_of(True, False)}, True),
    ],
)
def test_a_configuration_may_fit_a_space_that_has_changed(
    changed: dict[str, Parameter], fits: bool
) -> None:
    assert (Space(HOME | changed).fit(AT_HOME) is not None) is fits


def test_what_has_no_value_does_not_fit() -> None:
    space = Space({"n": whole(1, 9), "share": follows("1 / n")})
    assert space.fit({"n": 0, "share": 1}) is None


def test_a_fixed_model_leaves_the_branches_of_the_others_out() -> None:
    fixed: dict[str, Any] = {"model": "linear", "mlp.layers": whole(1, 3), "linear.bias": 1}
    assert Space({**fixed, "rate": whole(1, 2)}).default() == {
        "model": "linear",
        "linear.bias": 1,
        "rate": 1,
    }


def test_a_model_is_not_repeated() -> None:
    ((where, *_),) = problems({"model": one_of("a", "b", repeat=2)})
    assert where == ("parameters", "model", "repeat")


def test_two_expressions_of_the_same_words_are_told_apart() -> None:
    parameters = {
        "a": whole(0, 2, default=1),
        "x.a": whole(1, 2),
        "x.c": follows("1 / a"),
        "c": follows("1 / a"),
    }
    ((where, *_),) = problems(parameters)
    assert where == ("parameters", "c", "expression")


def test_a_configuration_does_not_grow_without_end() -> None:
    wide = {f"p{k}": whole(1, 2, repeat=1000) for k in range(11)}
    ((where, rule, *_),) = problems(wide)
    assert rule == "a configuration has at most 10,000 values."
    assert where == ("parameters", "p10", "repeat")
