"""The one walk through a space: which parameters a configuration has, and who draws them."""

from __future__ import annotations

from collections.abc import Mapping

from .parameters import Categorical, Float, Int, Parameter, Scalar, Suggester

# A configuration maps each active parameter's name to its value.
Configuration = dict[str, Scalar]


def suggest(parameters: Mapping[str, Parameter], trial: Suggester) -> Configuration:
    """Draw a configuration, in the order of the file; fixed values are not asked for."""
    return {
        name: parameter.suggest(trial, name)
        if isinstance(parameter, Float | Int | Categorical)
        else parameter
        for name, parameter in parameters.items()
    }


class _Defaults:
    """A suggester that answers with each parameter's starting value."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self.starts = {
            name: parameter.start
            for name, parameter in parameters.items()
            if isinstance(parameter, Float | Int | Categorical)
        }

    def suggest_float(self, name: str, *args: object, **kwargs: object) -> float:
        return self.starts[name]  # type: ignore[return-value]

    def suggest_int(self, name: str, *args: object, **kwargs: object) -> int:
        return self.starts[name]  # type: ignore[return-value]

    def suggest_categorical(self, name: str, *args: object) -> Scalar:
        return self.starts[name]


def default_configuration(parameters: Mapping[str, Parameter]) -> Configuration:
    """Return the configuration of trial 0: the file's defaults, else midpoints."""
    return suggest(parameters, _Defaults(parameters))
