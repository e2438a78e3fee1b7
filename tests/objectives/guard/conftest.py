"""Fixtures of the guard's tests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

import pytest

from truetune.objectives.guard import predicting


class Here:
    """Predicts in this process, which has imported torch already; see `child.Child`."""

    def __init__(
        self, module: str, arguments: Sequence[str], text: str, handed: Sequence[int], purpose: str
    ) -> None:
        self.request = json.loads(text)
        # As a process of its own would have them.
        self.request["inputs"] = [os.dup(number) for number in self.request["inputs"]]
        self.request["predicted"] = os.dup(self.request["predicted"])

    def result(self) -> None:
        predicting.predict(self.request)

    def cancel(self) -> None:
        pass


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Predict in this process."""
    import torch

    n_threads = torch.get_num_threads()
    monkeypatch.setattr(predicting, "Child", Here)
    yield
    torch.set_num_threads(n_threads)
