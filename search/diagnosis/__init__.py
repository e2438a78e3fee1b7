"""From a stored study to the next thing to try, in the order of the six steps.

`evidence` is what is known, `gathering` reads it; `bias`, `signal` and `labels` measure;
`training_set`, `validation_set`, `test_set` and `real_world` advise; `checklist` and `words` tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import optuna
from optuna.trial import TrialState

from ...errors import TuneError
from ...spaces import Experiment
from ..fronts import best_of
from ..held_against import held_against
from ..home import Home
from .advice import STEPS, Advice, Step
from .checklist import Item
from .diagnosis import Diagnosis, diagnosed
from .evidence import Evidence, Tried
from .gathering import gather
from .study_report import StudyReport

if TYPE_CHECKING:
    from ..queries import Studies

__all__ = [
    "STEPS",
    "Advice",
    "Diagnosis",
    "Evidence",
    "Item",
    "Step",
    "StudyReport",
    "Tried",
    "after_search",
    "diagnose",
    "diagnosed",
    "gather",
    "report",
]


def diagnose(studies: Studies, study: optuna.Study) -> Diagnosis:
    """Return where a study stands, and what to try next. Nothing that is missing makes it fail."""
    return report(studies, study).diagnosis


def report(studies: Studies, study: optuna.Study) -> StudyReport:
    """Return the same, with the card of the study's task."""
    try:
        experiment = Experiment.model_validate(studies.experiment_content(study))
    except (TuneError, ValueError) as error:
        told = error.cause if isinstance(error, TuneError) else "its file no longer loads."
        unknown = (f"the experiment: {told}",)
        return StudyReport(None, Diagnosis(study.study_name, unknown=unknown))
    found = after_search(studies.home, study, experiment, studies.state(study))
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    best = best_of(complete, study.directions)
    held = held_against(studies.home, experiment, study, best) if best is not None else ()
    return StudyReport(experiment, found, held)


def after_search(home: Home, study: optuna.Study, experiment: Experiment, state: str) -> Diagnosis:
    """Return the diagnosis of a study whose experiment is known, and how it ended."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    try:
        best = best_of(complete, study.directions)
        number = None if best is None else best.number
        return diagnosed(gather(home, study, experiment, state, number))
    except Exception as error:  # what a status says must not depend on what a rule did not expect
        told = f"the diagnosis itself: {type(error).__name__}: {error}"
        return Diagnosis(study.study_name, unknown=(told,))
