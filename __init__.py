"""truetune: hyperparameter search and architecture tuning for PyTorch.

Everything is imported when it is first asked for:

    import truetune

    experiment = truetune.load("spaces/mlp.yaml")
    summary = truetune.run("spaces/mlp.yaml")
    print(summary.best)
    print(truetune.verify(study=summary.study).to_text())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        GuardError,
        InfrastructureError,
        InputError,
        Interrupted,
        StorageError,
        TuneError,
    )
    from .search.run import Options, run
    from .search.summary import Summary
    from .search.verify import verify
    from .spaces import Experiment, load

_HOMES = {
    "Experiment": ".spaces",
    "GuardError": ".errors",
    "InfrastructureError": ".errors",
    "InputError": ".errors",
    "Interrupted": ".errors",
    "Options": ".search.run",
    "StorageError": ".errors",
    "Summary": ".search.summary",
    "TuneError": ".errors",
    "load": ".spaces",
    "run": ".search.run",
    "verify": ".search.verify",
}

__all__ = [
    "Experiment",
    "GuardError",
    "InfrastructureError",
    "InputError",
    "Interrupted",
    "Options",
    "StorageError",
    "Summary",
    "TuneError",
    "load",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'truetune' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name], __name__), name)
