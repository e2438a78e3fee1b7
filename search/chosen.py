"""A completed trial of a study, opened again for what comes after the search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from ..errors import InputError
from ..objectives.contracts import Assignment
from ..objectives.development import Development
from ..objectives.files import WEIGHTS
from ..objectives.preparation import prepare
from ..spaces import Configuration, Experiment
from .home import Home
from .identity import check_data
from .queries import Studies
from .trials import configuration_of


@dataclass(frozen=True)
class Chosen:
    """A trial with all that it was trained from."""

    home: Home
    study: optuna.Study
    experiment: Experiment
    trial: FrozenTrial

    @classmethod
    def of(
        cls, home: Home, storage: str | None, name: str | None, number: int | None = None
    ) -> Chosen:
        """Open a trial of a study: the best one where no number is given.

        Args:
            home: where the study's files are.
            storage: where the study is, if not there.
            name: its name; None for the only one there is.
            number: of the trial.

        Raises:
            InputError: there is no such trial, or it was not trained to its end.
        """
        studies = Studies(home, storage)
        study = studies.load(name)
        best = studies.best(study.study_name)["number"]
        trial = studies.trial(study.study_name, best if number is None else number)
        if trial.state != optuna.trial.TrialState.COMPLETE:
            raise InputError(
                f"trial {trial.number} of '{study.study_name}' was not trained to its end.",
                f"See `tune trials {study.study_name}`; its best is trial {best}.",
            )
        experiment = Experiment.model_validate(studies.experiment_content(study))
        return cls(home, study, experiment, trial)

    @property
    def name(self) -> str:
        """The study's."""
        return self.study.study_name

    @cached_property
    def configuration(self) -> Configuration:
        return configuration_of(self.trial, self.experiment.space)

    @property
    def assignment(self) -> Assignment:
        """What trains it again, to the same numbers."""
        seed = self.trial.user_attrs["seed"]
        return Assignment(self.trial.number, self.configuration, seed)

    @property
    def metrics(self) -> dict[str, float]:
        """Those of the epoch whose weights are kept."""
        return dict(self.trial.user_attrs.get("metrics", {}))

    @property
    def folder(self) -> Path:
        """Where its predictions and weights lie."""
        told = self.trial.user_attrs.get("record", {}).get("folder")
        own = self.home.trials(self.name) / str(self.trial.number)
        return own if own.exists() or told is None else Path(told)

    @property
    def weights(self) -> Path:
        """Its weights' file. Raises InputError where they are not kept."""
        path = self.folder / WEIGHTS
        if not path.exists():
            raise InputError(
                f"the weights of trial {self.trial.number} of '{self.name}' are not kept.",
                "The best trials' are: leave --trial out.",
            )
        return path

    def development(self) -> Development:
        """Read the study's rows again, in a child process, as they were split then.

        Raises:
            InputError: they are not what they were.
        """
        development = prepare(self.experiment)
        attributes: dict[str, Any] = self.study.user_attrs
        check_data(self.experiment, development.description, attributes)
        return development
