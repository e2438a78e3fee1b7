"""The page about the experiment file says what is true: its files run, its answers are real.

A fenced block is a whole file where it has `data:` or `extends:`, else a piece of one. Another
tool's file says whose it is behind `yaml` or `python`; ours comes next. `$ tune ...` in a block
of the console is run, and what stands below it is its output, `...` for lines left out.
"""

from __future__ import annotations

import itertools
import linecache
import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import optuna
import pytest
import yaml
from click.testing import CliRunner

import truetune
from truetune.cli import cli
from truetune.models import ARCHITECTURES
from truetune.objectives import subset
from truetune.objectives.requirements import NOT_TUNED, problems
from truetune.search import check
from truetune.search.feasible import MAX_PROPOSALS
from truetune.search.loop import MAX_FAILURES_IN_A_ROW
from truetune.search.run import Options
from truetune.search.strategies import PRUNERS, SAMPLERS
from truetune.spaces import Experiment, MistakesError, Training, document, experiment, load
from truetune.spaces.document import misread, parse_scalar
from truetune.spaces.experiment import IDENTITY
from truetune.spaces.expressions import _FUNCTIONS, MAX_LENGTH
from truetune.spaces.extending import MAX_FILES
from truetune.spaces.hints import PARAMETER_WORDS, SECTION_WORDS, TOP_WORDS, TYPE_WORDS
from truetune.spaces.parameters import ENTRY_TYPES, MAX_REPEATS, Categorical, Float, Int
from truetune.spaces.space import INPUTS, MAX_DRAWS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "spaces.md").read_text()

WITH_A_PIECE = "data: {source: sklearn:wine}\ntask: classification\n"


class Block(NamedTuple):
    language: str
    owner: str  # whose file it is: "" for ours
    text: str


def _blocks() -> Iterator[Block]:
    for info, text in re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        language, _, owner = info.partition(" ")
        yield Block(language, owner, text)


BLOCKS = list(_blocks())
OURS = [b.text for b in BLOCKS if (b.language, b.owner) == ("yaml", "")]
WHOLE = {
    yaml.safe_load(text)["study"]: text
    for text in OURS
    if re.search(r"^(data|extends):", text, re.MULTILINE)
}
PIECES = [text for text in OURS if text not in WHOLE.values()]
THEIRS = {b.owner: b.text for b in BLOCKS if b.owner not in ("", "mistakes")}
TRANSLATIONS = {
    block.owner: following.text
    for block, following in itertools.pairwise(BLOCKS)
    if block.owner in THEIRS
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds every whole file, by the name of its study."""
    path = tmp_path_factory.mktemp("page")
    for study, text in WHOLE.items():
        (path / f"{study}.yaml").write_text(text)
    return path


@pytest.fixture(autouse=True)
def one_vault(folder: Path, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study that goes on finds its rows where it sealed them."""
    monkeypatch.setenv("XDG_DATA_HOME", f"{folder}-vault")


def test_the_page_holds_what_is_looked_for() -> None:
    assert len(WHOLE) >= 8
    assert len(PIECES) >= 6
    assert THEIRS.keys() == {"wandb", "katib", "ludwig", "ray", "optuna", "determined"}
    assert len(list(_sessions())) >= 4
    assert len(list(_readings())) >= 10
    assert len(list(_equivalents())) >= 60


@pytest.mark.usefixtures("unrecorded", "prepared_here")
@pytest.mark.parametrize("study", WHOLE)
def test_a_whole_file_runs(study: str, folder: Path) -> None:
    path = folder / f"{study}.yaml"
    assert check.check(path, {}).findings == []
    options = Options(
        home=folder / "mlruns",
        executor="inline",
        overrides={"budget.trials": 2, "baselines": []},
        quiet=True,
    )
    summary = truetune.run(path, options)
    assert summary.state == "finished"
    assert summary.trials["failed"] == 0


@pytest.mark.parametrize("text", PIECES)
def test_a_piece_is_part_of_a_file_that_is_ready_to_search(text: str, tmp_path: Path) -> None:
    path = tmp_path / "piece.yaml"
    path.write_text(WITH_A_PIECE + text)
    assert check.check(path, {}).findings == []


def _sessions() -> Iterator[tuple[str, str, str]]:
    """Yield each command with its output, and the block above it."""
    for above, block in itertools.pairwise(BLOCKS):
        if block.language == "console":
            command, _, output = block.text.partition("\n")
            yield command.removeprefix("$ tune "), output, above.text


@pytest.mark.usefixtures("unrecorded", "prepared_here")
@pytest.mark.parametrize(("command", "output", "above"), list(_sessions()))
def test_an_answer_is_the_programs_own(
    command: str, output: str, above: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TUNE_HOME", raising=False)
    Path("mistakes.yaml").write_text(above)
    linecache.clearcache()
    if command.startswith("search"):  # what there is to differ from
        options = Options(executor="inline", overrides={"budget.trials": 1}, quiet=True)
        truetune.run("wine.yaml", options)
        command += " --executor inline"
    answer = CliRunner().invoke(cli, shlex.split(command)).output
    assert _matches(output, answer), answer


def _matches(shown: str, answer: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), answer) is not None


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", PAGE))
def test_every_link_leads_somewhere(link: str) -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    if link.startswith("#"):
        assert link[1:] in [heading.lower().replace(" ", "-") for heading in headings]
    else:
        assert (ROOT / "docs" / link).exists()


def _in_code() -> set[str]:
    """Return every word that stands in code, outside blocks."""
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    return {word for code in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"\w+", code)}


def test_every_key_of_a_parameter_is_named() -> None:
    keys = {key for kind in ENTRY_TYPES.values() for key in kind.model_fields}
    assert keys <= _in_code()


def test_every_section_is_named() -> None:
    in_blocks = {key for text in OURS for key in yaml.safe_load(text)}
    assert {*Experiment.model_fields, "extends"} <= in_blocks | _in_code()


def test_the_defaults_are_told(tmp_path: Path) -> None:
    path = tmp_path / "least.yaml"
    path.write_text(f"{WITH_A_PIECE}parameters: {{layers: 1}}")
    e = load(path)
    told = (
        f"Left out, `objective` is `{e.objective.metric}`, `model` is `{e.model.name}`, `sampler` "
        f"is `{e.sampler.name}`, `pruner` is `{e.pruner.name}`, `budget` is {e.budget.trials} "
        f"trials, and `training` is {e.training.epochs} epochs of `{e.training.optimizer}` with "
        f"batches of {e.training.batch_size} and a learning rate of {e.training.learning_rate}."
    )
    assert told in " ".join(PAGE.split())
    assert e.study == "least"


def test_a_file_builds_on_another_as_told(folder: Path) -> None:
    base, own = (load(folder / name) for name in ("wine.yaml", "wine-small.yaml"))
    assert own.training == base.training.model_copy(update={"early_stopping": None})
    assert own.constraints == ()
    changed = {k for k, v in own.parameters.items() if v != base.parameters[k]}
    assert changed == {"hidden_units", "dropout"}
    assert own.parameters["hidden_units"].log is False  # type: ignore[union-attr]  # not merged
    (folder / "unnamed.yaml").write_text("extends: wine.yaml")
    assert load(folder / "unnamed.yaml").study == "unnamed"


def test_every_parameter_that_may_vary_is_named_on_the_page_that_is_pointed_to() -> None:
    (told,) = re.findall(r"What may vary: (.*?)\. A parameter that none", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", told)) == {*ARCHITECTURES, subset.N_BEST, INPUTS}
    of_trainer = set(Training.model_fields) - NOT_TUNED
    of_models = {key for a in ARCHITECTURES.values() for key in a.parameters}
    for page, names in (("training.md", of_trainer), ("models.md", of_models)):
        assert f"({page})" in told
        text = (ROOT / "docs" / page).read_text() + PAGE
        assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_every_sampler_and_pruner_is_named() -> None:
    (told,) = re.findall(r"The samplers\nare (.*?):", PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", told)) == SAMPLERS.keys() | PRUNERS.keys()


def test_every_function_of_an_expression_is_named() -> None:
    assert _FUNCTIONS.keys() <= _in_code()


def test_what_makes_a_study_is_told() -> None:
    _, _, section = PAGE.partition("## The same file is the same study\n")
    makes_it, may_change = re.findall(r"((?:`\w+`[^`.;]+)+)(?=make|may)", section)[:2]
    assert set(re.findall(r"`(\w+)`", makes_it)) == IDENTITY
    rest = Experiment.model_fields.keys() - IDENTITY - {"study", "outcome_constraints"}
    assert set(re.findall(r"`(\w+)`", may_change)) == rest


@pytest.mark.parametrize(
    "words",
    [
        f"After {MAX_PROPOSALS} proposals",
        f"not one of {MAX_DRAWS:,} draws",
        f"{document.MAX_BYTES:,} bytes",
        f"{document.MAX_DEPTH} levels",
        f"{document.MAX_VALUES:,} values",
        f"{experiment.MAX_PARAMETERS:,} parameters",
        f"{experiment.MAX_CONSTRAINTS}\nconstraints",
        f"{MAX_REPEATS:,} elements",
        f"{MAX_LENGTH} characters",
        f"in a chain of {MAX_FILES}",
        {5: "five"}[MAX_FAILURES_IN_A_ROW] + " failures in a\nrow",
    ],
)
def test_a_limit_is_the_programs_own(words: str) -> None:
    assert words in PAGE


def _readings() -> Iterator[tuple[str, str]]:
    (table,) = re.findall(r"\| written \| read as \|\n\|.*?\n(.*?)\n\n", PAGE, re.DOTALL)
    for row in table.splitlines():
        _, written, meaning, _ = row.split("|")
        for text in re.findall(r"`([^`]+)`", written):
            yield text, meaning.strip()


@pytest.mark.parametrize(("text", "meaning"), list(_readings()))
def test_yaml_is_read_as_told(text: str, meaning: str) -> None:
    value = parse_scalar(text)
    kinds = {
        "a number": isinstance(value, int | float) and not isinstance(value, bool),
        "true or false": isinstance(value, bool),
        "nothing": value is None,
        "text": isinstance(value, str),
        "10": value == 10,
    }
    kind, _, warning = meaning.partition(",")
    assert kinds[kind]
    assert bool(misread(text)) == ("warning" in warning)


@pytest.mark.parametrize("owner", ["ray", "optuna"])
def test_python_of_another_tool_is_python(owner: str) -> None:
    compile(THEIRS[owner], owner, "exec")


def test_the_optuna_script_has_the_space_of_its_translation(tmp_path: Path) -> None:
    own = _space_of("optuna", tmp_path)
    names: dict[str, Any] = {"optuna": optuna, "train": lambda *_: 0.0}
    exec(compile(THEIRS["optuna"], "optuna", "exec"), names)
    trials = names["study"].trials
    seen = {name: d for trial in trials for name, d in trial.distributions.items()}
    asked: dict[str, Any] = {}
    for trial in trials:
        fixed = optuna.trial.FixedTrial(trial.params)
        assert own.space.suggest(fixed) == trial.params  # nothing is fixed there
        asked |= fixed.distributions
    assert asked == seen
    assert trials[0].params == own.space.default()
    assert len(trials) == own.budget.trials


def _space_of(owner: str, folder: Path) -> Experiment:
    path = folder / "translation.yaml"
    path.write_text(TRANSLATIONS[owner])
    return load(path)


# What the network is called there, and here.
_NAMES = {"num_fc_layers": "layers", "output_size": "hidden_units"}


def _their_parameters(owner: str) -> dict[str, tuple[float, float] | list[Any]]:
    """Return the ends of another tool's ranges, or its choices."""
    content = yaml.safe_load(THEIRS[owner])
    found: dict[str, tuple[float, float] | list[Any]] = {}
    if owner == "wandb":
        for name, p in content["parameters"].items():
            if "value" not in p:
                found[name] = p.get("values") or (p["min"], p["max"])
    elif owner == "katib":
        for p in content["spec"]["parameters"]:
            space = p["feasibleSpace"]
            found[p["name"]] = space.get("list") or (float(space["min"]), float(space["max"]))
    elif owner == "ludwig":
        for dotted, p in content["hyperopt"]["parameters"].items():
            name = dotted.split(".")[1]
            above = p["space"] == "randint"  # which leaves its upper end out
            ends = p.get("categories") or (p["lower"], p["upper"] - above)
            found[_NAMES.get(name, name)] = ends
    else:
        for name, p in content["hyperparameters"].items():
            if isinstance(p, dict):
                ends = [p["base"] ** p[k] if p["type"] == "log" else p[k] for k in _ENDS if k in p]
                found[name] = p.get("vals") or (ends[0], ends[1])
    return found


_ENDS = ("minval", "maxval")


@pytest.mark.parametrize("owner", ["wandb", "katib", "ludwig", "determined"])
def test_a_translation_has_the_ranges_of_its_original(owner: str, tmp_path: Path) -> None:
    own = _space_of(owner, tmp_path)
    theirs = _their_parameters(owner)
    assert own.parameters.keys() == theirs.keys()
    for name, parameter in own.parameters.items():
        if isinstance(parameter, Categorical):
            assert list(parameter.choices) == theirs[name]
        else:
            assert isinstance(parameter, Float | Int)
            low, high = theirs[name]
            assert math.isclose(parameter.low, low)
            assert math.isclose(parameter.high, high)


# Keys of the originals for which a file is not only refused, but told what to write.
TOLD = {
    "wandb": ["method", "metric", "early_terminate", "run_cap", "program"],
    "katib": ["objectiveMetricName", "algorithm", "parallelTrialCount", "maxTrialCount"],
    "ludwig": ["goal", "metric", "search_alg", "executor"],
    "determined": ["name", "hyperparameters", "searcher", "slots_per_trial"],
}


@pytest.mark.parametrize("owner", TOLD)
def test_another_tools_file_is_answered_with_what_to_write(owner: str, tmp_path: Path) -> None:
    content = yaml.safe_load(THEIRS[owner])
    content = content.get("spec") or content.get("hyperopt") or content
    path = tmp_path / "theirs.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(MistakesError) as raised:
        load(path)
    for key in TOLD[owner]:
        (mistake,) = [m for m in raised.value.mistakes if f"no key '{key}'" in m.rule]
        assert not mistake.fix.startswith("Known:")
    if owner in ("wandb", "ludwig"):
        told = [m for m in raised.value.mistakes if "has a `type:`" in m.rule]
        assert len(told) == len(content["parameters"])
        assert all(m.fix for m in told)


def _equivalents() -> Iterator[tuple[str, str]]:
    """Yield each word of another tool in the table, with what stands for it here."""
    (table,) = re.findall(r"\| here \| W&B.*?\n\|.*?\n(.*?)\n\n", PAGE, re.DOTALL)
    for row in table.splitlines():
        _, ours, *theirs, _ = row.split("|")
        for word in re.findall(r"`(\w+)", " ".join(theirs)):  # of nested ones, the outer
            yield word, ours


@pytest.mark.parametrize(("word", "ours"), list(_equivalents()))
def test_the_table_and_the_programs_hints_agree(word: str, ours: str) -> None:
    hints = [w[word] for w in (TOP_WORDS, PARAMETER_WORDS, SECTION_WORDS, TYPE_WORDS) if word in w]
    own = re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", ours))) or ["plain"]
    assert not hints or any(name in hint for name in own for hint in hints)


def test_the_page_is_read_with_the_ends_of_its_tables() -> None:
    """A row with a cell too few or too many shifts what stands in its columns."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_every_example_of_ours_is_ready_to_search(folder: Path) -> None:
    for study in WHOLE:
        assert problems(load(folder / f"{study}.yaml")) == []
