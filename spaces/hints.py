"""Words of neighbouring tools (Optuna, Ray Tune, W&B, Katib, Ludwig, Determined), and ours.

A hint that ends with a full stop is a sentence; any other is what to write instead.
"""

from __future__ import annotations

_UNDER = "Write what lies under it at the top of the file."
_NO_PROGRAM = "`model:` names what is trained, or `objective: {function: ...}` code of yours."
_NO_NORMAL = "There is no normal distribution; give a range, `low` and `high`."
_ONE_SOURCE = "One source is split by `data: split:`; the test rows are put aside."

TOP_WORDS = {
    "algorithm": "sampler",
    "apiVersion": "Leave it out.",
    "command": _NO_PROGRAM,
    "description": "card: {purpose: ...}",
    "direction": "objective: {direction: ...}",
    "directions": "Each entry of a list `objective:` has its own direction.",
    "early_stopping": "training: {early_stopping: {patience: ...}}",
    "early_terminate": "pruner",
    "earlyStopping": "pruner",
    "entity": "Leave it out.",
    "entrypoint": _NO_PROGRAM,
    "executor": "Its sort is chosen by --executor; trials and time stand in `budget:`.",
    "goal": "objective: {direction: ...}",
    "hyperopt": _UNDER,
    "hyperparameters": "parameters",
    "max_concurrent_trials": "resources: {workers: ...}",
    "input_features": "Every column but `data: target:` is an input.",
    "kind": "Leave it out.",
    "max_trials": "budget: {trials: ...}",
    "maxFailedTrialCount": "A search ends by itself after five failures in a row.",
    "maxTrialCount": "budget: {trials: ...}",
    "metadata": "study",
    "method": "sampler",
    "metric": "objective: {metric: ...}",
    "mode": "objective: {direction: ...}",
    "n_jobs": "resources: {workers: ...}",
    "n_trials": "budget: {trials: ...}",
    "name": "study",
    "num_samples": "budget: {trials: ...}",
    "objectives": "objective",
    "output_features": "data: {target: ...}",
    "parallelTrialCount": "resources: {workers: ...}",
    "param_space": "parameters",
    "params": "parameters",
    "program": _NO_PROGRAM,
    "project": "Leave it out.",
    "run_cap": "budget: {trials: ...}",
    "scheduler": "pruner",
    "search_alg": "sampler",
    "search_space": "parameters",
    "searcher": "Write `sampler:`, `pruner:` and `budget:`.",
    "space": "parameters",
    "spec": _UNDER,
    "split": _ONE_SOURCE,
    "storage": "The store is named on the command line: --storage URL.",
    "study_name": "study",
    "time_budget_s": "budget: {time: ...}",
    "timeout": "budget: {time: ...}",
    "trainer": "training",
}

PARAMETER_WORDS = {
    "active_if": "when",
    "base": "Write `log: true`; `low` and `high` are the values themselves, not exponents.",
    "categories": "choices",
    "condition": "when",
    "count": "There is no grid of a count; give `step`.",
    "depends_on": "when",
    "distribution": "type",
    "feasibleSpace": "Write what lies under it beside `type:`.",
    "formula": "expression",
    "initial": "default",
    "list": "choices",
    "log_scale": "log",
    "logscale": "log",
    "lower": "low",
    "max": "high",
    "maxval": "high",
    "min": "low",
    "minval": "low",
    "mu": _NO_NORMAL,
    "parameterType": "type",
    "probabilities": "Choices are equally likely at first; the sampler learns which are good.",
    "q": "step",
    "sigma": _NO_NORMAL,
    "space": "type",
    "upper": "high",
    "vals": "choices",
    "value": "Write the plain value, without a mapping.",
    "values": "choices",
}

SECTION_WORDS = {
    "algorithmName": "name",
    "cpu": "cpus",
    "cpu_resources_per_trial": "cpus",
    "goal": "direction",
    "gpu": "gpus",
    "gpu_resources_per_trial": "gpus",
    "eta": "reduction_factor",
    "grace_period": "min_resource",
    "max_concurrent_trials": "workers",
    "min_iter": "min_resource",
    "mode": "direction",
    "n_trials": "trials",
    "num_samples": "trials",
    "objectiveMetricName": "metric",
    "slots_per_trial": "gpus",
    "time_budget_s": "time",
    "timeout": "time",
    "train": _ONE_SOURCE,
    "type": "direction",
    "val": _ONE_SOURCE,
    "val_size": "validation",
}

# Of torch's schedulers, and of Lightning's and Ludwig's.
SCHEDULE_WORDS = {
    "T_0": "period",
    "T_mult": "multiplier",
    "decay_rate": "decay",
    "gamma": "Write `decay` of exponential, `factor` of staircase.",
    "max_lr": "It is `learning_rate`, beside `schedule:`.",
    "step_size": "every",
    "type": "name",
    "warmup_epochs": "warmup",
}

# What neighbours call the nearest sampler and pruner there is.
SAMPLER_WORDS = {
    "bayes": "tpe",
    "bayesian": "tpe",
    "bayesianoptimization": "tpe",
    "hyperopt": "tpe",
    "optuna": "tpe",
    "variant_generator": "random",
}
PRUNER_WORDS = {
    "adaptive_asha": "hyperband",
    "asha": "hyperband",
    "async_hyperband": "hyperband",
    "medianstop": "median",
    "medianstopping": "median",
}

# What neighbours call a kind of parameter.
_A_RANGE = "a range, `low` and `high`: there is no such distribution"

TYPE_WORDS = {
    "beta": _A_RANGE,
    "bool": "`type: categorical` with `choices: [false, true]`",
    "boolean": "`type: categorical` with `choices: [false, true]`",
    "choice": "`type: categorical` with `choices`",
    "const": "the plain value, without a mapping",
    "constant": "the plain value, without a mapping",
    "discrete": "`type: categorical` with `choices`, and `ordered: true` where they are numbers",
    "double": "`type: float`",
    "grid_search": "`type: categorical` with `choices`",
    "int_uniform": "`type: int`",
    "integer": "`type: int`",
    "log": "`type: float` with `log: true`; `low` and `high` are the values, not exponents",
    "log_uniform": "`type: float` with `log: true`",
    "log_uniform_values": "`type: float` with `log: true`",
    "lograndint": "`type: int` with `log: true`",
    "logUniform": "`type: float` with `log: true`",
    "log_normal": _A_RANGE,
    "loguniform": "`type: float` with `log: true`",
    "normal": _A_RANGE,
    "ordinal": "`type: categorical` with `ordered: true`",
    "q_uniform": "`type: float` with `step`",
    "quniform": "`type: float` with `step`",
    "q_normal": _A_RANGE,
    "randint": "`type: int`, whose `high` is included",
    "randn": _A_RANGE,
    "real": "`type: float`",
    "uniform": "`type: float`",
}


def hint(words: dict[str, str], word: str) -> str:
    """Return what to do about a word, "" where no neighbour has it."""
    ours = words.get(word, "")
    return ours if not ours or ours.endswith(".") else f"Write `{ours}` instead."
