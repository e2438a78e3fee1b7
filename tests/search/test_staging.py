"""Stages of a study: what they hold in every kind of space, that they go on, and that they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from click.testing import CliRunner

from truetune.cli import cli
from truetune.errors import InputError
from truetune.objectives.contracts import Assignment, Report
from truetune.objectives.development import Development
from truetune.search.carrying import Carry
from truetune.search.stages import named
from truetune.search.staging import Staging
from truetune.search.strategies import make_sampler
from truetune.search.study import Study
from truetune.search.trials import configuration_of
from truetune.spaces import Configuration, Experiment, load

from ..conftest import FLAT, QUICK

BRANCHES = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "batch_size": {"type": "categorical", "choices": [16, 32, 64], "ordered": True},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0.5, "high": 0.9, "when": "optimizer == sgd"},
    "model": {"type": "categorical", "choices": ["mlp", "linear"]},
    "mlp.layers": {"type": "int", "low": 1, "high": 3},
    "mlp.width": {"type": "int", "low": 4, "high": 16},
    "mlp.hidden_units": {"expression": "width * (layers - i)", "repeat": "layers"},
    "mlp.dropout": {"type": "float", "low": 0.0, "high": 0.5, "repeat": "layers"},
}
JOINT = {"name": "tpe", "n_startup_trials": 3, "multivariate": True, "group": True}
SAMPLERS: list[Any] = ["random", "tpe", JOINT]


def experiment_of(name: str = "quick", **overrides: Any) -> Experiment:
    own = {key: v for key, v in QUICK.items() if not key.startswith("parameters.")}
    content = {"parameters": BRANCHES, **overrides}
    if "model" in content["parameters"]:
        content["model"] = None
    return load(FLAT, {**own, **content, "study": name})


def without(configuration: Configuration, *names: str) -> Configuration:
    return {
        k: v
        for k, v in configuration.items()
        if k not in names and k.rpartition(".")[0] not in names
    }


def loss_of(configuration: Configuration) -> float:
    """Return a loss that a configuration alone decides."""
    parts = [v if isinstance(v, float | int) else len(str(v)) for v in configuration.values()]
    return sum((k + 1) * (v % 1.7) for k, v in enumerate(parts)) % 3


# What is drawn, by studies in memory


class InThought:
    """A study in memory, its trials drawn in stages as `Study` draws them."""

    def __init__(self, experiment: Experiment) -> None:
        self.sampler, self.space = experiment.sampler, experiment.space
        self.study = optuna.create_study()
        self.staging = Staging(self.space, {})

    def begin(self, *only: str) -> Configuration:
        """Begin a stage, and return the configuration whose values it holds."""
        trials = self.study.trials
        best = self.study.best_trial if trials else None
        self.staging.begin(named(self.space, only), best, len(trials))
        return self.space.default() if best is None else configuration_of(best, self.space)

    def ask(self, n: int) -> list[Configuration]:
        return [self._ask() for _ in range(n)]

    def ask_all(self) -> list[Configuration]:
        found = []
        while not self.staging.is_used_up(self.study.get_trials(deepcopy=False)):
            found.append(self._ask())
        return found

    def _ask(self) -> Configuration:
        trials = self.study.get_trials(deepcopy=False)
        held = self.staging.held(len(trials), trials)
        self.study.sampler = make_sampler(self.sampler, self.space, len(trials), held)
        trial = self.study.ask()
        configuration = self.space.suggest(trial)
        self.study.tell(trial, loss_of(configuration))
        return configuration


@pytest.mark.parametrize(
    ("sampler", "constraints"),
    [
        ("random", []),
        ("tpe", []),
        ("tpe", ["mlp.layers < 3 or learning_rate < 0.01"]),
        (JOINT, ["mlp.layers < 3 or learning_rate < 0.01"]),
    ],
)
def test_only_what_is_named_differs_from_the_best(sampler: Any, constraints: list[str]) -> None:
    search = InThought(experiment_of(sampler=sampler, constraints=constraints))
    search.ask(11)
    held = without(search.begin("learning_rate"), "learning_rate")
    asked = search.ask(5)
    assert [without(c, "learning_rate") for c in asked] == [held] * 5
    assert len({c["learning_rate"] for c in asked}) == 5
    assert all(not search.space.broken(c) for c in asked)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_without_a_trial_the_default_is_held(sampler: Any) -> None:
    search = InThought(experiment_of(sampler=sampler))
    held = without(search.begin("learning_rate"), "learning_rate")
    assert held == without(search.space.default(), "learning_rate")
    assert [without(c, "learning_rate") for c in search.ask(5)] == [held] * 5


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_parameter_that_comes_in_is_drawn_and_a_known_one_is_not(sampler: Any) -> None:
    search = InThought(experiment_of(sampler=sampler))
    start = search.begin("optimizer", "mlp.layers")
    assert (start["optimizer"], start["mlp.layers"]) == ("adam", 2)
    asked = search.ask(14)
    of_sgd = [c for c in asked if c["optimizer"] == "sgd"]
    assert len({c["momentum"] for c in of_sgd}) == len(of_sgd) > 1
    deep = [c for c in asked if c["mlp.layers"] == 3]
    assert len({c["mlp.dropout.2"] for c in deep}) == len(deep) > 1
    assert {c["mlp.dropout.0"] for c in asked} == {start["mlp.dropout.0"]}
    assert {c["mlp.width"] for c in asked} == {start["mlp.width"]}
    # What is derived follows from what is drawn.
    assert [c["mlp.hidden_units.0"] for c in asked] == [
        c["mlp.width"] * c["mlp.layers"] for c in asked
    ]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_another_model_has_its_own_parameters_drawn(sampler: Any) -> None:
    of_linear = {
        **BRANCHES,
        "model": {"type": "categorical", "choices": ["linear", "mlp"]},
        "linear.l1": {"type": "float", "low": 0.0, "high": 0.1},
    }
    search = InThought(experiment_of(sampler=sampler, parameters=of_linear))
    start = search.begin("model")
    asked = search.ask(8)
    assert {c["learning_rate"] for c in asked} == {start["learning_rate"]}
    of_linear_model = {c["linear.l1"] for c in asked if c["model"] == "linear"}
    assert of_linear_model == {start["linear.l1"]}
    of_mlp = [c for c in asked if c["model"] == "mlp"]
    assert len({c["mlp.dropout.0"] for c in of_mlp}) == len(of_mlp) > 2


def test_a_repeated_parameter_is_named_with_all_its_elements() -> None:
    search = InThought(experiment_of())
    held = without(search.begin("mlp.dropout"), "mlp.dropout")
    asked = search.ask(6)
    assert [without(c, "mlp.dropout") for c in asked] == [held] * 6
    for element in ("mlp.dropout.0", "mlp.dropout.1"):
        assert len({c[element] for c in asked}) == 6


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("constraints", [[], ["batch_size != 64 or optimizer == adam"]])
def test_no_configuration_is_trained_twice_and_the_stage_ends_when_none_is_left(
    sampler: Any, constraints: list[str]
) -> None:
    parameters = {k: v for k, v in BRANCHES.items() if k != "momentum"}
    own = experiment_of(sampler=sampler, constraints=constraints, parameters=parameters)
    search = InThought(own)
    search.begin("batch_size", "optimizer")
    asked = search.ask_all()
    assert len(asked) == (5 if constraints else 6)
    assert len({(c["batch_size"], c["optimizer"]) for c in asked}) == len(asked)


def test_a_configuration_from_before_the_stage_counts_as_trained() -> None:
    search = InThought(experiment_of())
    search.begin("batch_size")
    search.ask_all()
    search.begin("optimizer")
    search.ask(1)
    search.begin("batch_size")
    search.ask_all()
    configurations = [json.dumps(trial.params, sort_keys=True) for trial in search.study.trials]
    assert 4 <= len(configurations) <= 6
    assert len(set(configurations)) == len(configurations)


def test_a_stage_whose_held_values_no_draw_fits_is_refused_with_a_way_out() -> None:
    parameters = {
        "learning_rate": {"type": "float", "low": 1e-9, "high": 1.0, "default": 1e-9},
        "dropout": {"type": "float", "low": 0.0, "high": 0.9, "default": 0.0},
    }
    own = experiment_of(parameters=parameters, constraints=["dropout <= learning_rate"])
    search = InThought(own)
    search.begin("dropout")
    with pytest.raises(InputError, match="with the values that are held meets") as refused:
        search.ask(1)
    assert "--only" in refused.value.fix


# What a study remembers


@pytest.fixture
def open_study(development: Development, tmp_path: Path) -> Callable[..., Callable[..., Study]]:
    """Return what opens one study again and again, each time for a stage."""

    def of(name: str = "quick", **overrides: Any) -> Callable[..., Study]:
        experiment = experiment_of(name, **overrides)

        def opened(*only: str, trials: int | None = None, **arguments: Any) -> Study:
            budget = experiment.budget.model_copy(update={"trials": trials or 1000})
            own = experiment.model_copy(update={"budget": budget})
            names = named(own.space, only)
            url = f"sqlite:///{tmp_path}/optuna.db"
            return Study.open(own, url, development.description, only=names, **arguments)

        return opened

    return of


def tell(study: Study, assignment: Assignment) -> None:
    """Train a trial in thought."""
    metrics = {"validation_loss": loss_of(dict(assignment.configuration))}
    report = Report(assignment.number, 1, metrics, 0.1, 1, metrics)
    study.report(report)
    study.complete(report, "")


def ask(study: Study, n: int) -> list[Configuration]:
    """Run trials, and return their configurations."""
    configurations = []
    for _ in range(n):
        assignment = study.ask()
        tell(study, assignment)
        configurations.append(dict(assignment.configuration))
    return configurations


def best(study: Study) -> Configuration:
    trial = study.best
    assert trial is not None
    return configuration_of(trial, study.experiment.space)


@pytest.mark.parametrize(("sampler", "constraints"), [("random", []), (JOINT, ["mlp.width != 9"])])
def test_a_stage_that_was_interrupted_goes_on_as_if_it_had_not_been(
    sampler: Any, constraints: list[str], open_study: Any
) -> None:
    settings = {"sampler": sampler, "constraints": constraints}
    names = ("learning_rate", "mlp.width")
    whole = open_study("whole", **settings)
    ask(whole(), 3)
    expected = ask(whole(*names), 5)

    parts = open_study("parts", **settings)
    ask(parts(), 3)
    found = []
    for n in (2, 2):
        study = parts(*names)
        found += ask(study, n)
        lost = study.ask()  # its process is killed here: the store has it as it was asked for
        study.storage.flush()
        again = parts(*reversed(names))
        assert again.ask() == lost
        again.set_aside()
    study = parts(*names)
    assert found + ask(study, 1) == expected
    assert len(study.staging.stages) == 1


def test_the_best_within_a_stage_changes_nothing_that_it_holds(open_study: Any) -> None:
    opened = open_study()
    ask(opened(), 2)
    study = opened("learning_rate")
    ask(study, 4)
    assert study.best.number > 1
    assert opened("learning_rate").staging.stages == study.staging.stages


def test_a_second_stage_holds_what_the_first_found(open_study: Any) -> None:
    opened = open_study()
    study = opened("learning_rate")
    ask(study, 4)
    found = best(study)
    study = opened("mlp.width", "batch_size")
    assert [s.only for s in study.staging.stages] == [
        ("learning_rate",),
        ("batch_size", "mlp.width"),
    ]
    last = study.staging.stages[-1]
    assert (last.first, last.trial) == (4, study.best.number)
    names = ("mlp.width", "batch_size", "mlp.hidden_units")
    assert [without(c, *names) for c in ask(study, 2)] == [without(found, *names)] * 2


def test_after_a_stage_everything_is_drawn_again_and_a_stage_may_come_back(
    open_study: Any,
) -> None:
    opened = open_study()
    ask(opened("learning_rate"), 2)
    free = ask(opened(), 3)
    assert len({c["batch_size"] for c in free}) > 1
    stages = opened("learning_rate").staging.stages
    assert [(s.only, s.first) for s in stages] == [
        (("learning_rate",), 1),
        ((), 2),
        (("learning_rate",), 5),
    ]


def test_what_waits_from_an_earlier_stage_is_trained_as_it_was_asked_for(open_study: Any) -> None:
    opened = open_study()
    study = opened()
    ask(study, 2)
    waiting = study.ask()
    study.set_aside()
    study = opened("learning_rate")
    assert study.ask() == waiting
    tell(study, waiting)
    assert study.staging.stages[-1].held.items() <= ask(study, 1)[0].items()


def test_a_stage_ends_only_when_nothing_waits(open_study: Any) -> None:
    study = open_study()("batch_size")
    assert not study.is_spent
    ask(study, 2)
    last = study.ask()
    assert study.is_spent
    assert study.retry(last.number, "the worker died")
    assert not study.is_spent
    tell(study, study.ask())
    assert study.is_spent


def test_a_stage_follows_one_that_is_used_up(open_study: Any) -> None:
    opened = open_study()
    ask(opened("batch_size"), 3)
    assert opened("batch_size").is_used_up
    study = opened("learning_rate")
    assert not study.is_spent
    assert len({c["learning_rate"] for c in ask(study, 2)}) == 2


def test_a_budget_that_is_spent_begins_no_stage(open_study: Any) -> None:
    opened = open_study()
    ask(opened(trials=2), 2)
    study = opened("learning_rate", trials=2)
    assert (study.staging.stages, study.is_spent) == ([], True)
    study = opened("learning_rate", trials=3)
    assert (len(study.staging.stages), study.is_spent) == (1, False)


def test_a_trial_that_is_carried_over_may_be_the_one_that_is_held(
    open_study: Any, tmp_path: Path
) -> None:
    source = open_study("source")()
    ask(source, 3)
    study = open_study("target")("learning_rate", carry=Carry("source", tmp_path))
    assert study.staging.stages[0].trial == study.best.number
    held = without(best(source), "learning_rate")
    assert [without(c, "learning_rate") for c in ask(study, 1)] == [held]


# From the command line


@pytest.fixture
def searched(
    write_space: Callable[..., Path], unrecorded: None, prepared_here: None
) -> Callable[..., Any]:
    path = write_space(baselines=[])

    def search(*arguments: Any, exit_code: int = 0) -> Any:
        home = ("--home", str(path.parent / "mlruns"), "--executor", "inline")
        done = CliRunner().invoke(cli, ["search", str(path), *map(str, arguments), *home])
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout) if "--json" in arguments else done

    return search


def test_stages_of_a_search_in_the_order_of_the_guide(searched: Any) -> None:
    first = searched("--only", "learning_rate", "--trials", 3, "--json")
    assert first["stage"]["only"] == ["learning_rate"]
    assert (first["stage"]["trial"], first["stage"]["first"]) == (None, 1)
    second = searched("--only", "hidden_units", "--only", "layers", "--trials", 5, "--json")
    assert second["stage"]["only"] == ["layers", "hidden_units"]
    assert second["stage"]["trial"] == first["best"]["number"]
    rate = first["best"]["parameters"]["learning_rate"]
    assert second["stage"]["held"]["learning_rate"] == rate
    assert second["trials"]["complete"] + second["trials"]["pruned"] == 5


def test_a_search_says_what_it_draws_and_what_it_does_with_a_spent_budget(searched: Any) -> None:
    done = searched("--only", "learning_rate", "--trials", 2)
    sentence = "only learning_rate is drawn, the rest is as in the default configuration"
    assert f"quick: {sentence}\n" in done.stderr
    assert f"  stage    {sentence}" in done.stdout
    done = searched("--only", "dropout", "--trials", 2)
    assert "none is left to draw only dropout (--trials asks for more)" in done.stdout
    assert "  stage " not in done.stdout
    done = searched("--only", "learning_rate", "--trials", 2)
    assert "quick: all 2 trials are done." in done.stdout


def test_a_search_ends_before_its_budget_where_nothing_is_left_to_try(searched: Any) -> None:
    summary = searched("--only", "batch_size", "--trials", 9, "--json")
    assert (summary["state"], summary["trials"]["total"]) == ("finished", 2)
    assert summary["reason"].startswith("there is nothing left to try where only batch_size is")


def test_names_that_mean_nothing_are_refused_before_anything_starts(
    searched: Any, tmp_path: Path
) -> None:
    done = searched("--only", "learning_rat", exit_code=2)
    assert "Did you mean 'learning_rate'?" in done.stderr
    assert not (tmp_path / "mlruns").exists()
    done = searched("--only", "dropout", "--trial", 0, exit_code=2)
    assert "--trial trains a trial that there is" in done.stderr
