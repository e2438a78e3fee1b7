"""The experiment file as frozen value objects, one class a section of the file."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    model_validator,
)

from .named import Named, NameOrNamed
from .objective import Objective, Objectives, first_objective
from .outcomes import Outcome, OutcomeText
from .parameters import Parameter, Section, Text, as_tuple
from .schedule import CONSTANT, NameOrSchedule
from .space import MODEL, Space

Task = Literal["binary", "classification", "regression"]

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(duration: str) -> float:
    """Return the seconds in "90s", "30m", "2h" or "1d"."""
    match = _DURATION.fullmatch(duration)
    if match is None or float(match[1]) == 0:
        raise ValueError(
            f'a duration reads like "90s", "30m", "2h" or "1d", but got "{duration}".'
        )
    return float(match[1]) * _SECONDS[match[2]]


def _check_duration(duration: str) -> str:
    seconds(duration)
    return duration


Duration = Annotated[str, AfterValidator(_check_duration)]


Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what NumPy and scikit-learn take
ColumnName = Annotated[str, Field(min_length=1)]


def _check_embargo(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, str):
        return _check_duration(value)
    if is_number and 0 < value < float("inf"):
        return float(value)
    rule = "an embargo is a duration of dates, or a number above 0 in the time column's unit"
    raise ValueError(f"{rule}, but got {value!r:.60}.")


Embargo = Annotated[
    Duration | float, PlainValidator(_check_embargo, json_schema_input_type=str | float)
]

SHARE = 0.2  # where a file says none: what it says is then not to be told from it
NO_TIME = "none"  # `time: none`: there are dates, and rows are split at random all the same


class Split(Section):
    """Which rows train, validate and test. The test rows are put aside first."""

    validation: Annotated[float, Field(gt=0, lt=1)] = SHARE  # of the rows
    test: Annotated[float, Field(gt=0, lt=1)] = SHARE
    stratify: bool | None = None  # None: as the task has classes or not
    groups: ColumnName | None = None  # rows that share its value stay together
    time: ColumnName | None = None  # validation is later than training, test later still
    embargo: Embargo | None = None  # left out between the parts of a split by time
    folds: Annotated[int, Field(ge=2, le=20)] | None = None  # in the place of one validation part
    seed: Seed = 0

    @property
    def by_time(self) -> str | None:
        """The column that orders the rows, where there is one."""
        return None if self.time == NO_TIME else self.time

    @model_validator(mode="after")
    def _check(self) -> Split:
        validation = 0 if self.folds else self.validation
        if validation + self.test >= 1:
            raise ValueError(
                "`validation + test < 1` must hold to leave training rows, "
                f"but got {self.validation} + {self.test}."
            )
        if self.folds and self.validation != SHARE:
            raise ValueError("`folds` take the place of `validation`, but got both. Keep one.")
        if self.by_time and self.groups:
            raise ValueError("rows are split by `groups` or by `time`, but got both. Keep one.")
        if self.by_time and self.stratify:
            raise ValueError("time decides where a row goes, but got `stratify: true`. Remove it.")
        if self.embargo is not None and not self.by_time:
            raise ValueError("an `embargo` lies between parts of a split by time: add `time:`.")
        return self


Shape = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    Field(min_length=1, max_length=3),
    BeforeValidator(as_tuple),
]


class Preprocess(Section):
    """Fitted on training rows only, then applied to all rows."""

    scale: Literal["standard", "none"] = "standard"
    size: Annotated[int, Field(ge=1, le=4096)] | None = None  # pixels, of a picture's sides
    shape: Shape | None = None  # of a row whose numbers are stored in a list
    words: Annotated[int, Field(ge=2)] | None = None  # kept of a text; None: what most rows have
    vocabulary: Annotated[int, Field(ge=2)] | None = None  # words known; None: 10,000


Role = Literal["number", "category", "date", "text", "words", "drop"]


class Data(Section):
    """Where the rows come from, what their columns are, and how they are split."""

    source: Annotated[str, Field(min_length=1)]
    query: Annotated[str, Field(min_length=1)] | None = None  # of a database
    target: ColumnName | None = None
    test: Annotated[str, Field(min_length=1)] | None = None  # a source of test rows
    columns: dict[ColumnName, Role] = Field(default_factory=dict)  # others: as they are stored
    allow: Annotated[tuple[ColumnName, ...], BeforeValidator(as_tuple)] = ()  # to tell the target
    split: Split = Split()
    preprocess: Preprocess = Preprocess()

    @model_validator(mode="after")
    def _check(self) -> Data:
        if self.test is not None and self.split.test != SHARE:
            raise ValueError(
                "`test:` names the test rows, and `split: {test:}` a share. Keep one."
            )
        return self


ClassWeights = (
    Literal["none", "balanced"]
    | Annotated[
        tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=2), BeforeValidator(as_tuple)
    ]
)


class EarlyStopping(Section):
    """Stop after `patience` epochs without a better objective, and keep the best weights."""

    patience: Annotated[int, Field(ge=1)]


class Training(Section):
    """How one trial trains. What stands here does not vary unless `parameters` names it.

    What came later than a study is None where a file says nothing: such a study goes on.
    """

    epochs: Annotated[int, Field(ge=1)] = 20
    batch_size: Annotated[int, Field(ge=1)] = 64
    optimizer: Literal["adam", "sgd", "adamw", "rmsprop"] = "adam"
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0  # SGD only
    nesterov: bool | None = None  # SGD only
    beta1: Annotated[float, Field(ge=0, lt=1)] | None = None  # of Adam; None: torch's, 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] | None = None  # of Adam; None: torch's, 0.999
    epsilon: Annotated[float, Field(gt=0)] | None = None  # not SGD; None: torch's, 1e-8
    weight_decay: Annotated[float, Field(ge=0)] = 0.0  # biases excluded
    cost: Annotated[str, Field(min_length=1)] | None = None  # None: by the kind of target
    class_weights: ClassWeights | None = None  # None: every row counts the same
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | None = None  # given to all classes
    huber_delta: Annotated[float, Field(gt=0)] | None = None  # deviations; None: 1
    focal_gamma: Annotated[float, Field(ge=0)] | None = None  # None: 2
    mixup: Annotated[float, Field(ge=0)] | None = None  # of Beta(mixup, mixup); 0: none
    augment_rotation: Annotated[float, Field(ge=0, le=180)] | None = None  # degrees, both ways
    augment_shift: Annotated[float, Field(ge=0, lt=1)] | None = None  # share of a side
    augment_zoom: Annotated[float, Field(ge=0, lt=1)] | None = None  # share, in and out
    augment_crop: Annotated[float, Field(gt=0, le=1)] | None = None  # least share of the area kept
    augment_flip: bool | None = None  # left and right
    augment_brightness: Annotated[float, Field(ge=0)] | None = None  # deviations, both ways
    augment_contrast: Annotated[float, Field(ge=0, lt=1)] | None = None  # share, both ways
    l1: Annotated[float, Field(ge=0)] | None = None  # of the sum of absolute weights
    clip_value: Annotated[float, Field(gt=0)] | None = None  # of each number of a gradient
    clip_norm: Annotated[float, Field(gt=0)] | None = None  # of all gradients together
    schedule: NameOrSchedule = CONSTANT
    precision: Literal["float32", "bfloat16"] | None = None  # of training steps; None: float32
    start_from: Annotated[str, Field(min_length=1)] | None = None  # weights to begin with
    unfreeze_every: Annotated[int, Field(ge=1)] | None = None  # epochs; None: all train at once
    layer_rate: Annotated[float, Field(gt=0, le=1)] | None = None  # factor a layer, to the input
    gradient_norms: bool | None = None  # whether each layer's is recorded
    early_stopping: EarlyStopping | None = None
    seed: Seed | None = None  # None: from the study's seed and the number


class Budget(Section):
    """Totals over the study's whole life, however often the command is run."""

    trials: Annotated[int, Field(ge=1)] = 64
    time: Duration | None = None

    @property
    def time_s(self) -> float | None:
        return None if self.time is None else seconds(self.time)


class Published(Section):
    """What others have reached on this task, and where they say so."""

    value: float
    source: Annotated[str, Field(min_length=1)]


class Card(Section):
    """What a result is for, and what it is to be compared with. No part of the search itself."""

    purpose: str = ""
    human_level: float | None = None  # in the objective's metric
    published: Annotated[tuple[Published, ...], BeforeValidator(as_tuple)] = ()


class Verify(Section):
    """What `tune verify` holds a difference between validation and test against."""

    # Of a share (accuracy, F1, AUROC) or R2 itself; of others as a share of the validation value.
    min_effect: Annotated[float, Field(gt=0, lt=1)] = 0.02


MAX_GPUS = 1024  # a worker's; more is a slip


def _check_gpus(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value == "auto":
        return value
    if is_number and 0 <= value <= MAX_GPUS:
        return float(value)
    shown = f"{value!r:.60}"
    raise ValueError(f'`gpus` is "auto" or a number from 0, such as 1 or 0.5, but got {shown}.')


Gpus = Annotated[
    Literal["auto"] | float,
    PlainValidator(_check_gpus, json_schema_input_type=Literal["auto"] | float),
]


class Resources(Section):
    """What one worker needs, and how many workers there are (default: as many as fit)."""

    cpus: Annotated[int, Field(ge=1)] = 1
    gpus: Gpus = "auto"
    workers: Annotated[int, Field(ge=1)] | None = None
    price_per_hour: Annotated[float, Field(ge=0)] | None = None  # of one worker


Baseline = Literal["dummy", "linear", "network", "boosting"]
BASELINES: tuple[Baseline, ...] = ("dummy", "linear", "network", "boosting")


MAX_PARAMETERS = 1000
MAX_CONSTRAINTS = 100

_NAME = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"
Name = Annotated[str, Field(pattern=_NAME)]
StudyName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Experiment(Section):
    """An experiment file: data, task, objective, model, training, space, search and budget."""

    study: StudyName
    card: Card = Card()
    data: Data
    task: Task
    objective: Objectives = Objective()  # the first, where there are several
    model: NameOrNamed = Named(name="mlp")
    training: Training = Training()
    parameters: Annotated[dict[Name, Parameter], Field(min_length=1, max_length=MAX_PARAMETERS)]
    constraints: Annotated[
        tuple[Text, ...], Field(max_length=MAX_CONSTRAINTS), BeforeValidator(as_tuple)
    ] = ()
    outcome_constraints: Annotated[
        tuple[OutcomeText, ...], Field(max_length=MAX_CONSTRAINTS), BeforeValidator(as_tuple)
    ] = ()
    sampler: NameOrNamed = Named(name="tpe")
    pruner: NameOrNamed = Named(name="hyperband")
    budget: Budget = Budget()
    resources: Resources = Resources()
    verify: Verify = Verify()
    # What the winner is held against; `[]` for nothing.
    baselines: Annotated[tuple[Baseline, ...], BeforeValidator(as_tuple)] = BASELINES
    seed: Seed = 0

    @model_validator(mode="after")
    def _check_space(self) -> Self:
        assert self.space  # raises SpaceError
        return self

    @cached_property
    def space(self) -> Space:
        """The parameters, checked against each other and in the order they are drawn in."""
        return Space(self.parameters, self.constraints)

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All that is optimised, the primary one first."""
        return (self.objective, *self.objective.others)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What a trial has to be measured to be."""
        return tuple(map(Outcome.parse, self.outcome_constraints))

    def identity(self) -> dict[str, Any]:
        """Return what makes a study the same; sampler, pruner, budget, resources may change.

        A file of data or of weights may move: it is its content that counts, by a hash of its
        own. A file of code may move, too.
        """
        content = self.model_dump(mode="json", include=IDENTITY)
        of_array = str(self.data.target).endswith(".npy")
        for key in ("source", "test", *(["target"] if of_array else [])):
            if content["data"][key] is not None:
                path = re.split(r"[?#]", content["data"][key])[0]  # not an address's signature
                content["data"][key] = Path(path).name
        objective, training = first_objective(content["objective"]), content["training"]
        for section, key in (
            (objective, "function"),
            (training, "cost"),
            (training, "start_from"),
        ):
            if section.get(key) is not None:
                section[key] = Path(section[key]).name
        del content["data"]["allow"]  # says what is no mistake, and changes nothing
        if MODEL in self.parameters:
            del content["model"]  # the one a file would have had
        elif isinstance(content["model"], str):
            content["model"] = Path(content["model"]).name
        else:
            content["model"]["name"] = Path(self.model.name).name
        if self.outcome_constraints:
            content["outcome_constraints"] = [*self.outcome_constraints]
        return content


# What makes a study the same.
IDENTITY = {
    "data",
    "task",
    "objective",
    "model",
    "training",
    "parameters",
    "constraints",
    "seed",
}
