"""What may vary: the experiment file, its parameters, and the walk that draws a configuration."""

from .document import Mistake, MistakesError
from .experiment import Experiment, Task, Training
from .loading import Loaded, load, load_with_document, raise_problems
from .named import Named
from .parameters import Categorical, Derived, Float, Int, Parameter, Scalar
from .problems import Problem
from .space import Configuration, Space

__all__ = [
    "Categorical",
    "Configuration",
    "Derived",
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
    "Space",
    "Task",
    "Training",
    "load",
    "load_with_document",
    "raise_problems",
]
