"""The file of a smaller network: a trial's fixed values, other widths, weights to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..objectives import subset
from ..objectives.configurations import own_name
from ..objectives.contracts import Assignment
from ..spaces import Experiment
from ..spaces.space import MODEL
from ..spaces.writing import experiment_text
from .chosen import Chosen
from .drafts import path_from
from .exporting import fixed
from .queries import Studies


@dataclass(frozen=True)
class Smaller:
    """A trial with narrower layers."""

    chosen: Chosen
    storage: str | None  # where the study is, if not in its home
    width: str  # the architecture's parameter that says how wide its layers are
    widths: tuple[int, ...]
    wanted: int | None  # epochs to train on; None: as many as the trial's

    @property
    def can_start_from(self) -> bool:
        """Whether a file can name the weights to begin with: one network's, of all inputs."""
        is_one = self.chosen.experiment.data.split.folds is None
        return is_one and not any(map(subset.is_used, self.chosen.experiment.parameters))

    @property
    def epochs(self) -> int:
        """How many it trains on at most."""
        if self.wanted is not None:
            return self.wanted
        return self.chosen.experiment.training.epochs

    @cached_property
    def experiment(self) -> Experiment:
        """What trains it in this process, where its weights are given by hand."""
        return Experiment.model_validate(self._content(None))

    @cached_property
    def assignment(self) -> Assignment:
        """Its one trial."""
        seed = self.experiment.training.seed
        assert seed is not None
        return Assignment(0, self.experiment.space.default(), seed)

    def text(self, out: Path, start: Path) -> str:
        """Return the file at `out`, which begins with the weights at `start` where it can."""
        content = self._content(out)
        told = "its weights begin as pruning left them"
        if self.can_start_from:
            content["training"]["start_from"] = path_from(out, str(start))
        else:
            told = "it begins with new weights: those of pruning are of several networks, or "
            told += "of some inputs"
        study = self.chosen.name
        head = f"# Trial {self.chosen.trial.number} of {study} with fewer {self.width}; {told}.\n"
        return head + experiment_text(Experiment.model_validate(content))

    def _content(self, out: Path | None) -> dict[str, Any]:
        chosen = self.chosen
        studies = Studies(chosen.home, self.storage)
        content = fixed(studies, chosen.study, chosen.trial, out)
        parameters = dict(content["parameters"])
        model = parameters.get(MODEL)
        name = self.width if model is None else f"{model}.{self.width}"
        for other in [*parameters]:
            if own_name(other, (model,))[1] == self.width:
                del parameters[other]
        # Parameters say it, so that the model's own options must not.
        if isinstance(content.get("model"), dict):
            content["model"] = {k: v for k, v in content["model"].items() if k != self.width}
        unfrozen = {"start_from": None, "unfreeze_every": None}
        parameters = {k: v for k, v in parameters.items() if k not in unfrozen}
        training = {**content["training"], **unfrozen, "epochs": max(1, self.epochs)}
        return content | {
            "study": f"{content['study']}-pruned",
            "training": training,
            "parameters": parameters | {name: list(self.widths)},
        }
