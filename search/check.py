"""A file looked over before a search: what is wrong with it, its data and its training."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError
from ..objectives import requirements
from ..objectives.findings import Finding
from ..objectives.inspection import inspect as inspection_of
from ..objectives.own_code import files_of
from ..objectives.sources import code_of
from ..spaces import Experiment, Loaded, Mistake, MistakesError, load_with_document, raise_problems
from ..spaces.document import Document, Place
from ..spaces.explanation import Explanation, explain
from ..spaces.problems import Problem
from .trying_out import TriedOut, try_out

# Below this share most of the time to ask goes into configurations that are not allowed.
FEW = 0.05


@dataclass(frozen=True)
class Check:
    """What there is to say of a file. The explanation is absent where there is an error in it."""

    findings: list[Finding]  # of the file, then of the data, then of the training
    experiment: Experiment | None = None
    explanation: Explanation | None = None
    sizes: Mapping[str, int] | None = None  # rows of each part, and inputs
    profile: Path | None = None  # the page that was written
    tried: TriedOut | None = None  # networks of the space, on its rows

    @property
    def is_good(self) -> bool:
        return all(finding.level != "error" for finding in self.findings)


def check(
    path: Path,
    overrides: Mapping[str, Any],
    is_static: bool = False,
    profile: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    with_training: bool = False,
) -> Check:
    """Look a file over, the data it names, and the networks it speaks of.

    Args:
        path: the file.
        overrides: dotted keys to values that replace its own.
        is_static: read no data and run no code of the user's.
        profile: a page of HTML to write, of the development rows in pictures.
        say: told beforehand of each file of the user's whose code is to run.
        with_training: train networks of its space for some seconds, too.
    """
    try:
        loaded = load_with_document(path, overrides)
        raise_problems(loaded.document, _problems(loaded.experiment))
    except MistakesError as error:
        return Check([_finding("error", mistake) for mistake in error.mistakes])
    except InputError as error:
        return Check([Finding("error", str(path), error.cause, "", error.fix)])
    experiment = loaded.experiment
    explanation = explain(experiment.space, experiment.seed)
    warnings = [*loaded.document.warnings, *_odd(loaded, explanation)]
    found = [_finding("warning", w) for w in warnings]
    if is_static:
        return Check(found, experiment, explanation)
    is_trained = with_training and experiment.objective.function is None
    for file in files_of(experiment) if is_trained else code_of(experiment.data):
        say(f"{experiment.study}: runs code of {file}")
    inspection = inspection_of(experiment, profile)
    found += [_of_problem(loaded.document, problem) for problem in inspection.problems]
    found += inspection.findings
    written = profile if inspection.sizes else None
    tried = None
    if with_training and inspection.sizes:
        if is_trained:
            say(f"{experiment.study}: trains networks for some seconds (--no-training: none)")
        tried = try_out(experiment)
    found += [] if tried is None else tried.look.findings
    return Check(found, experiment, explanation, inspection.sizes, written, tried)


def _of_problem(document: Document, problem: Problem) -> Finding:
    """Return what keeps the data from being read, at the line that speaks of it."""
    mistake = Mistake(document.place(problem.where), problem.rule, problem.fix)
    return _finding("error", mistake)


def _problems(experiment: Experiment) -> list[Any]:
    from . import strategies

    return [*requirements.problems(experiment), *strategies.problems(experiment)]


def _odd(loaded: Loaded, explanation: Explanation) -> list[Mistake]:
    """Return what is allowed and hardly meant."""
    document: Document = loaded.document
    found = [
        Mistake(
            document.place(("parameters", name)),
            f"not one of {explanation.n_drawn:,} configurations has '{name}'.",
            "Is its condition what you mean?",
        )
        for name in explanation.never
    ]
    if explanation.feasible < FEW:
        rule = f"only {100 * explanation.feasible:.2g} % of configurations meet all constraints"
        fix = "Asking takes longer; a parameter derived from another would need no constraint."
        found.append(Mistake(document.place(("constraints",)), f"{rule}.", fix))
    return found


def _finding(level: Literal["error", "warning"], mistake: Mistake) -> Finding:
    place: Place = mistake.place
    line = linecache.getline(place.source, place.line).strip() if place.line else ""
    return Finding(level, mistake.where, mistake.rule, line, mistake.fix)


def text(path: Path, checked: Check) -> str:
    """Return a check in words: what is wrong and odd, then the space, then what to type next."""
    lines = [line for finding in checked.findings for line in _in_words(finding)]
    if checked.explanation is None:
        return "\n".join(lines)
    lines.append(f"{path}: {_verdict(checked)}.")
    if checked.is_good:
        lines += ["", *_of_data(checked), *_of_space(checked), ""]
        lines += checked.tried.lines() if checked.tried is not None else []
    if checked.profile is not None:
        lines.append(f"  {checked.profile} shows the rows")
    if checked.is_good:
        lines.append(f"  tune search {path}      runs it")
    return "\n".join(lines)


def _verdict(checked: Check) -> str:
    n = len(checked.findings)
    if not checked.is_good:
        was_read = bool(checked.sizes)
        return "a search would mean nothing" if was_read else "its data cannot be read as it says"
    return "nothing is wrong with it" if not n else f"{n} warning{'s' * (n > 1)}, no error"


def _in_words(finding: Finding) -> list[str]:
    """Return a finding of the file in a line, and one of the data in two."""
    if finding.weight is None:
        fix = f" {finding.fix}" if finding.fix else ""
        return [f"{finding.where}: {finding.level}: {finding.rule}{fix}"]
    told = f"{finding.where}: {finding.level}: {finding.rule}, but {finding.found}."
    return [told, f"  fix: {finding.fix}"]


def _of_data(checked: Check) -> list[str]:
    sizes = checked.sizes
    if not sizes:
        return []
    parts = f"{sizes['train']:,} to train on, {sizes['validation']:,} to validate"
    if sizes["folds"] > 1:
        parts = f"{sizes['folds']} folds, the first of {parts}"
    left = f", {sizes['left_out']:,} left out" if sizes["left_out"] else ""
    return [
        "  The data",
        f"    {sizes['rows']:,} rows of {sizes['inputs']:,} inputs: {parts}, "
        f"{sizes['test']:,} to test{left}",
        "",
    ]


def _of_space(checked: Check) -> list[str]:
    x = checked.explanation
    assert x is not None
    lines = ["  The space", *(f"    {line}" for line in x.tree), "", f"  Size         {_size(x)}"]
    n, mean = f"{x.fewest}", ""
    if x.fewest < x.most:
        n, mean = f"{n} to {x.most}", f", {x.mean:.1f} on average"
    plural = "" if n == "1" else "s"
    lines.append(f"  Varying      {n} parameter{plural} in a configuration{mean}")
    if checked.experiment is not None and checked.experiment.constraints:
        rest = "; what does not is drawn again"
        lines.append(f"  Constraints  met by {100 * x.feasible:.2g} % of configurations{rest}")
    lines += [
        "",
        "  Trial 0, the default",
        f"    {_line(x.default)}",
        "",
        "  Five drawn at random",
    ]
    lines += [f"    {_line(sample)}" for sample in x.samples]
    width = max(map(len, x.seen), default=0)
    lines += ["", "  What Optuna and MLflow will call them"]
    return [*lines, *(f"    {name:<{width}}  {words}" for name, words in x.seen.items())]


def _size(x: Explanation) -> str:
    if x.size is None:
        return "finite, but with too many cases to count"
    if x.size == float("inf"):
        return "infinite: a range is continuous"
    about = f"about {float(f'{x.size * x.feasible:.2g}'):,.0f} of " if x.feasible < 1 else ""
    return f"{about}{x.size:,.0f} configurations"


def _line(configuration: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in configuration.items()
    )
