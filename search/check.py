"""A file looked over before a search: what is wrong, what is odd, and what its space is."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..objectives import requirements
from ..spaces import Experiment, Loaded, Mistake, MistakesError, load_with_document, raise_problems
from ..spaces.document import Document, Place
from ..spaces.explanation import Explanation, explain

# Below this share most of the time to ask goes into configurations that are not allowed.
FEW = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing to mend (an error) or to know (a warning)."""

    level: str  # error or warning
    where: str  # file:line:column
    rule: str
    found: str  # the line as it is written
    fix: str


@dataclass(frozen=True)
class Check:
    """What there is to say of a file. The explanation is absent where there is an error."""

    findings: list[Finding]
    experiment: Experiment | None = None
    explanation: Explanation | None = None

    @property
    def is_good(self) -> bool:
        return all(finding.level != "error" for finding in self.findings)


def check(path: Path, overrides: Mapping[str, Any]) -> Check:
    """Look a file over. Nothing is started, no data is read, no code of the user's runs."""
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
    return Check([_finding("warning", w) for w in warnings], experiment, explanation)


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


def _finding(level: str, mistake: Mistake) -> Finding:
    place: Place = mistake.place
    line = linecache.getline(place.source, place.line).strip() if place.line else ""
    return Finding(level, mistake.where, mistake.rule, line, mistake.fix)


def text(path: Path, checked: Check) -> str:
    """Return a check in words."""
    lines = [
        f"{finding.where}: {finding.level}: {finding.rule}"
        + (f" {finding.fix}" if finding.fix else "")
        for finding in checked.findings
    ]
    if checked.explanation is None:
        return "\n".join(lines)
    x = checked.explanation
    lines += [f"{path}: nothing is wrong with it.", "", "  The space"]
    lines += [f"    {line}" for line in x.tree]
    lines += ["", f"  Size         {_size(x)}"]
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
    lines += [f"    {name:<{width}}  {words}" for name, words in x.seen.items()]
    return "\n".join([*lines, "", f"  tune search {path}      runs it"])


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
