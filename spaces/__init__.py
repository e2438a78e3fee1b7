"""What may vary: the experiment file, its parameters, and the walk that draws a configuration."""

from .document import Mistake, MistakesError
from .experiment import Experiment, Named, Task, Training
from .loading import Loaded, Problem, load, load_with_document, raise_problems
from .parameters import Categorical, Float, Int, Parameter, Scalar
from .space import Configuration, default_configuration, suggest

__all__ = [
    "Categorical",
    "Configuration",
    "Experiment",
    "Float",
    "Int",
    "Loaded",
    "Mistake",
    "MistakesError",
    "Named",
    "Parameter",
    "Problem",
    "Scalar",
    "Task",
    "Training",
    "default_configuration",
    "load",
    "load_with_document",
    "raise_problems",
    "suggest",
]
