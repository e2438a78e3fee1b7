"""What a search ends with: for a person the best configuration and what to type next, for a
machine one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .held_against import Held, held_lines
from .progress import duration
from .recorder import Delivery
from .stages import Stage
from .trade_offs import front_lines, number

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

# What the command that ran a search exits with.
EXIT_CODES = {"finished": 0, "failed": 1, "interrupted": 130}


@dataclass(frozen=True)
class Summary:
    """The outcome of a search."""

    study: str
    metric: str
    state: str  # finished, interrupted or failed
    direction: str
    executor: str
    guard_level: str
    guard_reasons: tuple[str, ...]
    trials: dict[str, int]
    best: dict[str, Any] | None
    seconds: dict[str, float]
    epochs: int
    reason: str  # why the search ended
    delivery: Delivery
    n_folds: int = 1
    touched: tuple[str, ...] = ()  # attempts of trials to reach sealed rows
    objectives: tuple[dict[str, str], ...] = ()  # where there are several
    front: tuple[dict[str, Any], ...] = ()  # of several objectives, the trials that none dominates
    shortfall: str = ""  # the bound that no completed trial keeps to
    held: tuple[Held, ...] = ()  # what the best trial is held against
    stage: Stage | None = None  # what was drawn, where that was not always the same
    diagnosis: Diagnosis | None = None  # where the study stands in the six steps

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.state]

    def to_json(self) -> dict[str, Any]:
        return {
            "study": self.study,
            "state": self.state,
            "metric": self.metric,
            "direction": self.direction,
            "executor": self.executor,
            "guard_level": self.guard_level,
            "guard_reasons": list(self.guard_reasons),
            "tainted": list(self.touched),
            "stage": None if self.stage is None else self.stage.to_json(),
            "trials": self.trials,
            **({"objectives": list(self.objectives)} if self.objectives else {}),
            "best": list(self.front) if self.objectives else self.best,
            "held_against": [each.to_json() for each in self.held],
            **({} if self.diagnosis is None else self.diagnosis.keys()),
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "epochs": self.epochs,
            "reason": self.reason,
            "mlflow": {"undelivered": self.delivery.missing, "cause": self.delivery.cause},
        }

    def to_text(self, command: str) -> str:
        held = [] if self.best is None else [*held_lines(self.held, self.metric), ""]
        lines = [*self._best_lines(), "", *held, *self._account_lines(), ""]
        if self.diagnosis is not None and self.state == "finished":
            lines += self.diagnosis.short_lines()
        return "\n".join([*lines, *self._next(command)])

    def _best_lines(self) -> list[str]:
        if self.best is None:
            cause = self.shortfall or "no trial has completed"
            return [f"{self.study}: {cause}; {self.reason}."]
        lines = [
            *self._front_lines(),
            f"{self.study}: {self.reason}. Best{self._in_one_way()} is trial "
            f"{self.best['number']}, {self.metric} {self.best['value']:.4g}.",
            "",
        ]
        lines += table("configuration", self.best["parameters"])
        mean = f", the mean of {self.n_folds} folds" if self.n_folds > 1 else ""
        lines += table(f"on validation rows{mean}", self.best["metrics"])
        if self.trials["complete"] > 1:
            lines.append(
                f"  The best of {self.trials['complete']} looks better than it is: expect "
                "somewhat less on new data."
            )
        return lines

    def _front_lines(self) -> list[str]:
        """Return what a search with several objectives says first."""
        if not self.objectives:
            return []
        names = ", ".join(objective["metric"] for objective in self.objectives)
        n = len(self.front)
        told = f"{n} trials are" if n > 1 else "One trial is"
        head = f"{told} on the front: no other is as good in all of {names} and better in one."
        return [head, *front_lines(self.front), ""]

    def _in_one_way(self) -> str:
        return f" in {self.metric}" if self.objectives else ""

    def _account_lines(self) -> list[str]:
        n, s = self.trials, self.seconds
        lines = [
            f"  trials   {n['complete']} completed, {n['pruned']} pruned, {n['failed']} failed; "
            f"{self.epochs} epochs trained in this run",
            f"  time     {duration(s['wall'])}: starting up {duration(s['startup'])}, asking "
            f"{duration(s['asking'])}, storing {duration(s['storing'])}, recording "
            f"{duration(s['recording'])}{self._baselines_time()}",
            f"  workers  training {duration(s['training'])}, waiting {duration(s['waiting'])}",
        ]
        if self.stage is not None:
            lines.append(f"  stage    {self.stage.sentence}")
        if self.guard_reasons:
            more = f" (and {len(self.guard_reasons) - 1} more)" if self.guard_reasons[1:] else ""
            lines.append(f"  guard    {self.guard_level}: {self.guard_reasons[0]}{more}")
        else:
            lines.append(f"  guard    {self.guard_level}")
        if self.touched:
            more = f" (and {len(self.touched) - 1} more)" if self.touched[1:] else ""
            lines.append(f"  TAINTED  {self.touched[0]}{more}")
        if self.delivery.missing:
            lines.append(
                f"  MLflow   {self.delivery.missing} runs are not recorded yet "
                f"({self.delivery.cause}); the next run of the search delivers them"
            )
        return lines

    def _baselines_time(self) -> str:
        """Say how long the search waited for baselines, where it did."""
        seconds = self.seconds.get("baselines", 0.0)
        return f", baselines {duration(seconds)}" if seconds >= 0.05 else ""

    def _next(self, command: str) -> list[str]:
        if self.state == "interrupted":
            return [f"  go on with   {command}"]
        return [
            f"  tune trials {self.study}      every trial",
            f"  tune dashboard {self.study}   Optuna's dashboard",
            "  tune ui                      MLflow's",
            f"  tune verify {self.study}      opens the sealed test rows, once",
        ]


def table(title: str, values: dict[str, Any]) -> list[str]:
    """Return aligned lines of names and values, nothing where there are none."""
    if not values:
        return []
    width = max(map(len, values))
    shown = {k: number(v) if isinstance(v, float) else str(v) for k, v in values.items()}
    return [f"  {title}", *(f"    {name:<{width}}  {value}" for name, value in shown.items())]
