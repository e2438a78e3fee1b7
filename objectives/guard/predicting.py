"""What networks predict for rows, in a process that has neither their targets nor the key.

It is handed inputs through files that have no name, and answers through another. Run as
`python -m truetune.objectives.guard.predicting`, a request as JSON on its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from ...errors import InputError
from ..child import Child, answer
from ..development import Array
from .redaction import PURPOSE, PlainError, redacted, shut_up

if TYPE_CHECKING:
    from torch import Tensor

    from ...models.inputs import Inputs
    from ...spaces import Experiment


@dataclass(frozen=True)
class Network:
    """A trained trial: a network for each fold, their weights in one file."""

    number: int
    configuration: Mapping[str, Any]
    weights: str  # path of weights.safetensors


@dataclass(frozen=True)
class Unit:
    """What takes a network's outputs to the targets' own unit; see `scoring.Unit`."""

    target_mean: Array  # (outputs,)
    target_scale: Array


def predictions_of(
    networks: Sequence[Network],
    inputs: Iterable[Array],
    rows: Sequence[Inputs],
    units: Sequence[Unit],
    experiment: Experiment,
    n_outputs: int,
) -> list[Array]:
    """Return for each trial what its networks predict, fold after fold, as trials store it.

    Args:
        networks: the trials.
        inputs: for each fold the rows as its network takes them, float32 (rows, ...).
        rows: for each fold, what such a row is.
        units: of each fold's targets.
        experiment: what the trials are of.
        n_outputs: of a network.

    Raises:
        InputError: weights cannot be read, or are another network's.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(_holding(matrix)) for matrix in inputs]
        predicted = stack.enter_context(_unnamed())
        numbers = [file.fileno() for file in files]
        request = {
            "networks": [asdict(network) for network in networks],
            "rows": [asdict(row) for row in rows],
            "units": [[unit.target_mean.tolist(), unit.target_scale.tolist()] for unit in units],
            "experiment": experiment.model_dump_json(),
            "n_outputs": n_outputs,
            "inputs": numbers,
            "predicted": predicted.fileno(),
        }
        handed = [*numbers, predicted.fileno()]
        child = Child(__name__, [], json.dumps(request), handed, PURPOSE)
        try:
            child.result()
        except InputError as error:  # in words that were chosen there
            raise PlainError(error.cause, error.fix) from None
        finally:
            child.cancel()
        predicted.seek(0)
        of_folds = [[_load(predicted) for _ in networks] for _ in files]
    return [np.concatenate(of_network) for of_network in zip(*of_folds, strict=True)]


def _unnamed() -> BinaryIO:
    """Open a file that no folder has: in memory, or where that cannot be on the disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("truetune"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())


def _holding(array: Array) -> BinaryIO:
    file = _unnamed()
    np.save(file, array, allow_pickle=False)
    file.seek(0)
    return file


def _load(file: BinaryIO) -> Array:
    array: Array = np.load(file, allow_pickle=False)
    return array


def predict(request: Mapping[str, Any]) -> None:
    """Predict in this process, fold by fold, and write what every trial predicts."""
    import torch

    from ...models.inputs import Inputs
    from ...spaces import Experiment
    from ..scoring import as_tensor, predictions

    torch.set_num_threads(1)  # as a worker does: other numbers of threads may round otherwise
    experiment = Experiment.model_validate_json(request["experiment"])
    networks = [Network(**network) for network in request["networks"]]
    weights = [_read(network) for network in networks]
    n_folds = len(request["inputs"])
    rows = [Inputs.of(**row) for row in request["rows"]]
    with os.fdopen(request["predicted"], "wb") as predicted, torch.inference_mode():
        for i, (file, unit) in enumerate(zip(request["inputs"], request["units"], strict=True)):
            with os.fdopen(file, "rb") as opened:
                inputs = as_tensor(_load(opened), "cpu")
            in_own = Unit(*(np.array(part, np.float32) for part in unit))
            for network, stored in zip(networks, weights, strict=True):
                of_fold = weights_of_fold(stored, i, n_folds)
                row, n_outputs = rows[i], request["n_outputs"]
                outputs = _outputs(network, of_fold, inputs, row, experiment, n_outputs)
                found = predictions(outputs, in_own, experiment.task)
                np.save(predicted, found, allow_pickle=False)


def weights_of_fold(weights: Mapping[str, Tensor], fold: int, n_folds: int) -> dict[str, Tensor]:
    """Return one network's weights; of several folds, those of fold 2 are called `2.NAME`."""
    prefix = "" if n_folds == 1 else f"{fold}."
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }


def _read(network: Network) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights: dict[str, Tensor] = load_file(network.weights)
    except FileNotFoundError:
        raise _damaged(network, "they are gone") from None
    except (OSError, SafetensorError):
        raise _damaged(network, "they are damaged") from None
    return weights


def _outputs(
    network: Network,
    weights: Mapping[str, Tensor],
    inputs: Tensor,
    row: Inputs,
    experiment: Experiment,
    n_outputs: int,
) -> Tensor:
    from .. import subset
    from ..networks import initial, outputs_of

    kept = weights[subset.KEPT].tolist() if subset.KEPT in weights else ()
    row = subset.recalled(row, network.configuration, kept)
    module = initial(experiment, network.configuration, row, n_outputs)
    try:
        module.load_state_dict(weights)
    except RuntimeError:
        raise _damaged(network, "they are another network's") from None
    module.eval()  # batch norm takes its running averages, not these rows' own
    return outputs_of(module, inputs)


def _damaged(network: Network, reason: str) -> PlainError:
    rule = f"what is scored is the weights that trial {network.number} kept, but {network.weights}"
    return PlainError(f"{rule} cannot be used ({reason}).", "Restore it from a backup.")


def _main() -> None:
    shut_up()
    request = json.loads(sys.stdin.buffer.read())
    answer(lambda: redacted(lambda: predict(request)))


if __name__ == "__main__":
    _main()
