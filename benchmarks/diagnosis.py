"""Whether the first advice is the right one, on data whose fault is known.

    python benchmarks/diagnosis.py [--only NAME] [--rounds 1] [--seed 0]

Every fault is made twice or more, in different data: a network too small, a rate too large, inputs
without a signal, wrong labels, validation rows fitted by choosing, a world that differs from the
test; and healthy studies, of which nothing may be said but the next look. Each is searched,
verified where its fault shows only then, and diagnosed. The goal is the right first advice in 9 of
10. Appends what was advised to benchmarks/LOG.md, with the seconds of a diagnosis.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from log import conclude, parser, table
from sklearn.datasets import load_digits, make_classification, make_friedman1

from truetune.search.diagnosis import Diagnosis, diagnose
from truetune.search.home import Home
from truetune.search.queries import Studies
from truetune.search.run import Options, run
from truetune.search.verify import verify

Write = Callable[[np.random.Generator], pd.DataFrame]

PARAMETERS: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "hidden_units": {"type": "int", "low": 8, "high": 64, "log": True},
    "layers": {"type": "int", "low": 1, "high": 2},
    "dropout_last": {"type": "float", "low": 0.0, "high": 0.5},
    "weight_decay": {"type": "float", "low": 1e-6, "high": 1e-2, "log": True},
}


@dataclass(frozen=True)
class Case:
    """A fault, the rows and the file that have it, and the advice that is right."""

    fault: str
    right: tuple[str, ...]
    write: Write
    task: str
    parameters: dict[str, Any] = field(default_factory=dict)  # in the place of those above
    more: dict[str, Any] = field(default_factory=dict)  # of the file
    test: Write | None = None  # other rows to test on
    world: Write | None = None
    is_verified: bool = False


def rings(rng: np.random.Generator, n: int = 900) -> pd.DataFrame:
    """Three rings in each other, of which every second is a class: no line parts them."""
    ring = rng.integers(0, 4, n)
    radius, angle = 1 + ring + 0.12 * rng.normal(size=n), rng.uniform(0, 2 * np.pi, n)
    return named(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), ring % 2)


def friedman(rng: np.random.Generator, n: int = 900) -> pd.DataFrame:
    x, y = make_friedman1(n, n_features=8, noise=0.3, random_state=int(rng.integers(2**31)))
    return named(x, y)


def noise(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    return named(rng.normal(size=(n, 12)), rng.integers(0, 2, n))


def noise_of_numbers(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    return named(rng.normal(size=(n, 12)), rng.normal(size=n))


def clusters(rng: np.random.Generator, n: int = 1_200, wrong: float = 0.0) -> pd.DataFrame:
    seed = int(rng.integers(2**31))
    x, y = make_classification(
        n, 12, n_informative=8, n_classes=3, class_sep=2.5, flip_y=0.0, random_state=seed
    )
    return named(x, flipped(y, wrong, 3, rng))


def digits(rng: np.random.Generator, wrong: float = 0.0) -> pd.DataFrame:
    x, y = load_digits(return_X_y=True)
    return named(x, flipped(y, wrong, 10, rng))


def weak(rng: np.random.Generator, n: int = 400) -> pd.DataFrame:
    """A signal that most of a label does not follow."""
    x = rng.normal(size=(n, 6))
    return named(x, x[:, 0] + 0.5 * x[:, 1] + 1.6 * rng.normal(size=n) > 0)


def line(
    rng: np.random.Generator, n: int = 1_500, moved: float = 0.0, turned: bool = False
) -> pd.DataFrame:
    """Two classes parted by a curve; elsewhere rows are moved, or other labels are given."""
    x = rng.normal(size=(n, 5))
    x[:, 1] += moved
    score = x[:, 0] - (x[:, 1] if turned else 0.3 * x[:, 1] ** 2)
    y = score + 0.2 * rng.normal(size=n) > -0.3
    x[:, 0] += 0.8 * moved  # an instrument that measures something else there
    return named(x, y)


def flipped(y: Any, share: float, n_classes: int, rng: np.random.Generator) -> Any:
    is_wrong = rng.random(len(y)) < share
    return np.where(is_wrong, (y + rng.integers(1, n_classes, len(y))) % n_classes, y)


def named(x: Any, y: Any) -> pd.DataFrame:
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])]).round(6)
    return frame.assign(y=y.astype(int) if y.dtype == bool else y)


SMALL = {
    "learning_rate": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True},
    "hidden_units": {"type": "int", "low": 1, "high": 2},
}
FAST = {"hidden_units": {"type": "int", "low": 8, "high": 64, "log": True}}
HIGH = {"learning_rate": {"type": "float", "low": 1.0, "high": 100.0, "log": True}, **FAST}
VERY_HIGH = {"learning_rate": {"type": "float", "low": 10.0, "high": 1e4, "log": True}, **FAST}
ADAM: dict[str, Any] = {"training": {"epochs": 20, "optimizer": "adam"}}
LONG: dict[str, Any] = {"training": {"epochs": 60, "early_stopping": {"patience": 20}}}
SGD: dict[str, Any] = {"training": {"epochs": 20, "optimizer": "sgd"}}
FEW: dict[str, Any] = {
    "data": {"split": {"validation": 0.1}},
    "objective": {"metric": "validation_accuracy"},
    "budget": {"trials": 60},
}
LUCK = {
    **PARAMETERS,
    "layers": {"type": "int", "low": 1, "high": 3},
    "batch_size": {"type": "categorical", "choices": [8, 32, 128]},
}

CASES = {
    "small-rings": Case("network too small", ("units", "layers"), rings, "binary", SMALL, LONG),
    "small-friedman": Case(
        "network too small", ("units", "layers"), friedman, "regression", SMALL, LONG
    ),
    "rate-adam": Case("rate too large", ("rate",), clusters, "classification", HIGH, ADAM),
    "rate-sgd": Case("rate too large", ("rate",), friedman, "regression", VERY_HIGH, SGD),
    "rate-rings": Case("rate too large", ("rate",), rings, "binary", HIGH, ADAM),
    "noise-binary": Case("no signal", ("no signal",), noise, "binary"),
    "noise-numbers": Case("no signal", ("no signal",), noise_of_numbers, "regression"),
    "labels-clusters": Case(
        "wrong labels", ("labels",), lambda rng: clusters(rng, wrong=0.15), "classification"
    ),
    "labels-digits": Case(
        "wrong labels", ("labels",), lambda rng: digits(rng, wrong=0.2), "classification"
    ),
    "luck-40": Case(
        "validation over-fitted",
        ("over-fitted validation",),
        weak,
        "binary",
        LUCK,
        FEW,
        test=lambda rng: weak(rng, 5_000),
        is_verified=True,
    ),
    "luck-30": Case(
        "validation over-fitted",
        ("over-fitted validation",),
        lambda rng: weak(rng, 300),
        "binary",
        LUCK,
        FEW,
        test=lambda rng: weak(rng, 5_000),
        is_verified=True,
    ),
    "world-moved": Case(
        "world differs",
        ("mismatch",),
        lambda rng: line(rng, 4_000),
        "binary",
        more={"objective": {"metric": "validation_accuracy"}, "verify": {"min_effect": 0.05}},
        world=lambda rng: line(rng, 1_500, moved=1.5),
        is_verified=True,
    ),
    "world-loss": Case(
        "world differs",
        ("mismatch",),
        lambda rng: line(rng, 4_000),
        "binary",
        more={"verify": {"min_effect": 0.3}},
        world=lambda rng: line(rng, 1_000, moved=-1.5),
        is_verified=True,
    ),
    "world-turned": Case(
        "world asks another question",
        ("objective",),
        lambda rng: line(rng, 4_000),
        "binary",
        more={"objective": {"metric": "validation_accuracy"}, "verify": {"min_effect": 0.05}},
        world=lambda rng: line(rng, 1_500, turned=True),
        is_verified=True,
    ),
    "healthy-digits": Case("none", ("verify",), digits, "classification"),
    "healthy-friedman": Case("none", ("verify",), friedman, "regression", more=LONG),
    "healthy-clusters": Case("none", ("verify",), clusters, "classification"),
    "healthy-weak": Case("none", ("verify",), lambda rng: weak(rng, 4_000), "binary"),
    "healthy-line": Case(
        "none",
        ("new rows",),
        lambda rng: line(rng, 4_000),
        "binary",
        more={"objective": {"metric": "validation_accuracy"}, "verify": {"min_effect": 0.05}},
        is_verified=True,
    ),
}


def diagnosis(name: str, case: Case, folder: Path, seed: int) -> tuple[Diagnosis, float]:
    """Search, look where the case says so, and return the diagnosis with its seconds."""
    rng = np.random.default_rng(seed)
    case.write(rng).to_csv(folder / "rows.csv", index=False)
    data = {"source": str(folder / "rows.csv"), "target": "y"} | case.more.get("data", {})
    if case.test is not None:
        case.test(rng).to_csv(folder / "test.csv", index=False)
        data["test"] = str(folder / "test.csv")
    content: dict[str, Any] = {
        "task": case.task,
        "training": {"epochs": 30, "early_stopping": {"patience": 8}},
        "parameters": case.parameters or PARAMETERS,
        "budget": {"trials": 24},
        **case.more,
        "data": data,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    home = folder / "mlruns"
    run(path, Options(home=home, executor="inline", quiet=True))
    if case.is_verified:
        verify(home, study=name)
    if case.world is not None:
        case.world(rng).to_csv(folder / "world.csv", index=False)
        verify(home, study=name, new=str(folder / "world.csv"))
    studies = Studies(Home.at(home))
    started = time.perf_counter()
    found = diagnose(studies, studies.load(name))
    return found, time.perf_counter() - started


def main() -> None:
    made = parser(rounds=1)
    made.add_argument("--only", default="", help="cases whose names hold this")
    made.add_argument("--seed", type=int, default=0, help="of the first round's data")
    options = made.parse_args()
    rows, n_right, seconds = [], 0, []
    for name, case in CASES.items():
        if options.only not in name:
            continue
        for seed in range(options.seed, options.seed + options.rounds):
            with tempfile.TemporaryDirectory() as temporary:
                os.environ["XDG_DATA_HOME"] = f"{temporary}/vault"
                folder = Path(temporary) / "project"
                folder.mkdir()
                found, took = diagnosis(name, case, folder, seed)
            seconds.append(took)
            causes = [advice.cause for advice in found.findings]
            is_right = bool(causes) and causes[0] in case.right
            n_right += is_right
            rows.append([name, case.fault, causes[0] if causes else "none", "yes" * is_right])
            print(name, causes, f"{took:.2f} s", *(found.unknown), flush=True)
            print(f"  {found.findings[0].what}" if found.findings else "", flush=True)
    head = ["study", "fault", "first advice", "right"]
    told = (
        f"{n_right} of {len(rows)} right. A diagnosis takes {np.median(seconds):.2f} s "
        f"({min(seconds):.2f}-{max(seconds):.2f}), a process of its own not counted.\n\n"
    )
    conclude("The first advice on data with a known fault", told + table(head, rows), options)


if __name__ == "__main__":
    main()
