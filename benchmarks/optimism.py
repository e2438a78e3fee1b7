"""What the best of many trials owes to being picked, how much of it is taken off, and how often
a verdict is wrong.

    python benchmarks/optimism.py [--rounds 200] [--trials 100] [--verdicts 500]

Studies are simulated, so what a trial is worth is known: its answers to the validation rows are
drawn at an accuracy of .85, the same for all trials, or with a spread of .02 between them. Where
half of the trials (or nine tenths) are pruned, it is by their answers in an early epoch, right on
93 % of the rows that will be right at the end and on 23 % of those that will be wrong, so at an
accuracy of .825; an epoch's answers and the last ones are made anew for each study. Optimism is an
estimate less the true accuracy of the trial that won, in points. Of corrections four are compared:

- survivors: pruned trials are left out.
- pooled: they take part by their last answers, as they are.
- cut: in each resample the best so many are kept by an early score, and the best of those picked.
- credited: pooled, with what survivors gained since. This is what `correct` does.

A verdict's test rows are drawn like the validation rows, or five points worse.
"""

from __future__ import annotations

import math
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from log import conclude, parser, table
from numpy.typing import NDArray

from truetune.objectives.guard.correction import Candidate, correct
from truetune.objectives.guard.resampling import interval
from truetune.objectives.guard.verdict import Interval, judge
from truetune.objectives.rowwise import Part

ACCURACY, SPREAD = 0.85, 0.02
RIGHT_TOO, WRONG_YET_RIGHT = 0.93, 0.23  # in the early epoch, of rows right and wrong at the end
N_ROWS = (1000, 300)
PRUNED = (0.0, 0.5, 0.9)
ESTIMATES = ("naive", "survivors", "pooled", "cut", "credited")
MIN_EFFECT, ALPHA = 0.02, 0.05 / 2  # as of a first look

Answers = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    n_rows: int
    spread: float
    pruned: float
    n_trials: int


@dataclass(frozen=True)
class Study:
    """A search that is over, and what nobody knows of it."""

    worth: NDArray[np.float64]  # (trials,), true accuracies
    early: Answers  # (trials, rows), whether they are right
    final: Answers
    is_pruned: NDArray[np.bool_]

    @property
    def part(self) -> Part:
        return part_of(self.final.shape[1])

    def candidates(self, is_credited: bool = True) -> list[Candidate]:
        """Return trials as a search leaves them; with no curves where nothing is credited."""
        last = np.where(self.is_pruned[:, None], self.early, self.final)
        return [
            Candidate(
                number=i,
                predictions=sure(last[i]),
                is_pruned=bool(self.is_pruned[i]),
                epoch=1 if self.is_pruned[i] else 2,
                curve=(self.early[i].mean(), self.final[i].mean()) if is_credited else (),
            )
            for i in range(len(last))
        ]


def part_of(n_rows: int) -> Part:
    targets = np.zeros((n_rows, 1), np.float32)
    return Part(targets, (n_rows,), np.ones((1, 1)), np.arange(n_rows))


def sure(is_right: Answers) -> NDArray[np.float64]:
    return np.where(is_right, 0.1, 0.9)[:, None]


def study_of(case: Case, rng: np.random.Generator) -> Study:
    worth = np.clip(rng.normal(ACCURACY, case.spread, case.n_trials), 0, 1)
    final = rng.random((case.n_trials, case.n_rows)) < worth[:, None]
    early = rng.random(final.shape) < np.where(final, RIGHT_TOO, WRONG_YET_RIGHT)
    ranks = (early.mean(axis=1) + rng.random(case.n_trials) * 1e-9).argsort().argsort()
    return Study(worth, early, final, ranks < round(case.pruned * case.n_trials))


def corrected(study: Study, candidates: Sequence[Candidate], seed: int) -> float:
    found = correct("accuracy", "binary", "maximize", study.part, candidates, seed)
    return found.corrected


def by_cut(study: Study, seed: int, n_resamples: int = 1000) -> float:
    """Return the correction that keeps the best so many by an early score, survivors' being
    their curve's value moved by what their final answers are worth in the bag."""
    rng = np.random.default_rng(seed)
    n_rows, n_kept = study.final.shape[1], int((~study.is_pruned).sum())
    last = np.where(study.is_pruned[:, None], study.early, study.final).astype(np.float64)
    rows = rng.integers(n_rows, size=(n_resamples, n_rows))
    counts = np.stack([np.bincount(drawn, minlength=n_rows) for drawn in rows]).astype(np.float64)
    left = (counts == 0).astype(np.float64)
    in_bag = counts @ last.T / n_rows
    out_of_bag = left @ last.T / left.sum(axis=1, keepdims=True)
    gain = np.where(study.is_pruned, 0, last.mean(axis=1) - study.early.mean(axis=1))
    early = in_bag - gain
    bar = np.sort(early, axis=1)[:, -n_kept, None]
    picks = np.where(early >= bar, in_bag, -1).argmax(axis=1)
    return float(out_of_bag[np.arange(n_resamples), picks].mean())


def optimism(task: tuple[Case, int]) -> tuple[float, ...]:
    """Return each estimate's optimism in one study, in points."""
    case, seed = task
    study = study_of(case, np.random.default_rng(seed))
    trials = study.candidates()
    survivors = [trial for trial in trials if not trial.is_pruned]
    credited = correct("accuracy", "binary", "maximize", study.part, trials, seed)
    estimates = (
        credited.naive,
        corrected(study, survivors, seed),
        corrected(study, study.candidates(is_credited=False), seed),
        by_cut(study, seed),
        credited.corrected,
    )
    return tuple(100 * (found - study.worth[credited.winner]) for found in estimates)


def verdict(task: tuple[Case, int, int, float]) -> str:
    """Return the verdict on one study's winner, its test rows so many points worse."""
    case, n_test, seed, worse = task
    rng = np.random.default_rng(seed)
    study = study_of(case, rng)
    trials = study.candidates()
    found = correct("accuracy", "binary", "maximize", study.part, trials, seed)
    own = interval("accuracy", "binary", study.part, trials[found.winner].read(), ALPHA, seed)
    moved = found.corrected - own.value
    validation = Interval(found.corrected, own.low + moved, own.high + moved)
    is_right = rng.random(n_test) < study.worth[found.winner] - worse
    test = interval("accuracy", "binary", part_of(n_test), sure(is_right), ALPHA, seed)
    return judge("accuracy", "maximize", validation, test, MIN_EFFECT, n_test).name


def optimisms(pool: multiprocessing.pool.Pool, n_rounds: int, n_trials: int) -> str:
    lines = []
    for pruned in PRUNED:
        for spread in (0.0, SPREAD):
            for n_rows in N_ROWS:
                case = Case(n_rows, spread, pruned, n_trials)
                found = pool.map(optimism, [(case, seed) for seed in range(n_rounds)])
                cells = [_mean(values) for values in zip(*found, strict=True)]
                lines.append((f"{pruned:.0%}", f"{spread}", f"{n_rows:,}", *cells))
    return table(("pruned", "spread", "rows", *ESTIMATES), lines)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):+.2f} ± {np.std(values, ddof=1) / math.sqrt(len(values)):.2f}"


def verdicts(pool: multiprocessing.pool.Pool, n_rounds: int, n_trials: int) -> str:
    lines = []
    for spread in (0.0, SPREAD):
        for n_rows, n_test in ((1000, 1000), (300, 300)):
            for worse in (0.0, 0.05):
                case = Case(n_rows, spread, 0.5, n_trials)
                tasks = [(case, n_test, seed, worse) for seed in range(n_rounds)]
                names = Counter(pool.map(verdict, tasks))
                shares = [f"{names[name] / n_rounds:.1%}" for name in NAMES]
                lines.append((f"{spread}", f"{n_rows:,}", f"{100 * worse:.0f}", *shares))
    return table(("spread", "rows of each", "points worse", *NAMES), lines)


NAMES = ("OPTIMISTIC", "SUSPICIOUS", "INCONCLUSIVE", "CONSISTENT")


def main() -> None:
    made = parser(rounds=200)
    made.add_argument("--trials", type=int, default=100)
    made.add_argument("--verdicts", type=int, default=500)
    made.add_argument("--workers", type=int, default=2)
    options = made.parse_args()
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        text = (
            f"{options.rounds} studies of {options.trials} trials; optimism in points, with its "
            f"standard error.\n\n{optimisms(pool, options.rounds, options.trials)}\n\n"
            f"Verdicts on the winner where half are pruned, {options.verdicts} studies, at 97.5 % "
            f"(a first look), smallest effect {MIN_EFFECT}:\n\n"
            f"{verdicts(pool, options.verdicts, options.trials)}"
        )
    conclude("The price of picking", text, options)


if __name__ == "__main__":
    main()
