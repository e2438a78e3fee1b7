"""A cost of the user's own: imported from its file, called like ours, checked at first."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from truetune.errors import InputError
from truetune.objectives.costs import cost_of
from truetune.objectives.development import Array
from truetune.objectives.scoring import Cost
from truetune.spaces import Training

Y: Array = torch.zeros(4, 1).numpy()
OUTPUTS = torch.tensor([[1.0], [2.0], [3.0], [4.0]], requires_grad=True)
TARGETS = torch.zeros(4, 1)
QUANTILE = """
import torch
from helper import SLOPE

def pinball(outputs, targets):
    print("not on standard output")
    error = targets - outputs
    return torch.maximum(SLOPE * error, (SLOPE - 1) * error).mean()
"""


def own(path: Path, body: str) -> Cost:
    """Return the cost `f` of a file, whose body is one expression."""
    path.write_text(f"import torch\ndef f(outputs, targets):\n    return {body}\n")
    return cost_of(Training(cost=f"{path}:f"), "regression", Y, 1, "cpu")


def test_a_function_is_called_with_outputs_and_targets(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "helper.py").write_text("SLOPE = 0.9\n")
    (tmp_path / "quantile.py").write_text(QUANTILE)
    source = f"{tmp_path / 'quantile.py'}:pinball"
    cost = cost_of(Training(cost=source), "regression", Y, 1, "cpu")
    for _ in range(2):
        assert cost(OUTPUTS, TARGETS).item() == pytest.approx(0.1 * 2.5)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("body", "got", "fix"),
    [
        ("((outputs - targets) ** 2).mean()", None, None),
        ("(outputs - targets) ** 2", "a tensor of shape (4, 1)", "`.mean()`"),
        ("(outputs - targets).abs().mean(0)", "a tensor of shape (1,)", "`.mean()`"),
        ("outputs.mean().item()", "an object of type float", "Return a tensor"),
        ("None", "None", "Return a tensor"),
        ("[outputs.mean()]", "a list of 1", "Return a tensor"),
        ("outputs.detach().mean()", "torch.float32 without a gradient", "`.detach()`"),
        ("(outputs > 2).sum()", "torch.int64 without a gradient", "torch's operations"),
    ],
)
def test_what_the_first_call_returns_is_one_number_with_a_gradient(
    body: str, got: str | None, fix: str | None, tmp_path: Path
) -> None:
    cost = own(tmp_path / "own.py", body)
    if got is None or fix is None:
        assert cost(OUTPUTS, TARGETS).requires_grad
        return
    with pytest.raises(InputError) as caught:
        cost(OUTPUTS, TARGETS)
    rule = f"{tmp_path / 'own.py'}:f: a cost is one number with a gradient, but got {got}."
    assert caught.value.cause == rule
    assert fix in caught.value.fix


def test_what_it_raises_reaches_the_trial(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        own(tmp_path / "own.py", "1 / 0")(OUTPUTS, TARGETS)


def test_ending_the_process_ends_the_trial_only(tmp_path: Path) -> None:
    cost = own(tmp_path / "own.py", "exit(3)")
    with pytest.raises(RuntimeError, match="SystemExit"):
        cost(OUTPUTS, TARGETS)


def test_a_function_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def pinball(outputs, targets): ...\n")
    source = f"{tmp_path / 'own.py'}:pinbal"
    with pytest.raises(InputError) as caught:
        cost_of(Training(cost=source), "regression", Y, 1, "cpu")
    assert caught.value.fix == "Did you mean 'pinball'?"
