"""Which units go: by the sums of their absolute incoming weights, added up by hand."""

from __future__ import annotations

import pytest
import torch

from truetune.errors import InputError
from truetune.objectives.pruning.layouts import Layout
from truetune.objectives.pruning.ranking import Cut, kept_of, norms_of, widths_of

NORMS = torch.tensor([4.0, 1.0, 3.0, 0.0, 2.0, 2.0])  # the mean is 2


def test_a_norm_is_the_sum_of_absolute_weights() -> None:
    state = {
        "a.weight": torch.tensor([[1.0, -2.0], [0.5, 0.0], [0.0, 0.0]]),
        "b.weight": torch.tensor([[[[1.0, -1.0]], [[2.0, 0.0]]]]),  # of a convolution
        "b.bias": torch.tensor([100.0]),
    }
    found = norms_of(state, Layout("channels", (("a",), ("b", "n")), "output"))
    assert [norms.tolist() for norms in found] == [[3.0, 0.5, 0.0], [4.0]]


@pytest.mark.parametrize(
    ("cut", "n"),
    [
        (Cut(amount=0.5), 3),
        (Cut(amount=0.01), 6),
        (Cut(amount=0.34), 4),
        (Cut(amount=0.99), 1),
        (Cut(threshold=0.5), 5),  # 1 is not under half of 2
        (Cut(threshold=0.51), 4),
        (Cut(threshold=1.0), 4),
        (Cut(threshold=1.1), 2),
        (Cut(threshold=50), 1),
    ],
)
def test_a_share_goes_or_what_is_under_a_threshold(cut: Cut, n: int) -> None:
    assert cut.n_kept(NORMS) == n


def test_the_largest_stay_in_their_order_and_of_equals_the_first() -> None:
    (kept,) = kept_of([NORMS], [4])
    assert kept.tolist() == [0, 2, 4, 5]
    (kept,) = kept_of([NORMS], [3])
    assert kept.tolist() == [0, 2, 4]


def test_a_layer_of_nothing_but_zeros_stays_as_a_threshold_finds_it() -> None:
    assert Cut(threshold=0.5).n_kept(torch.zeros(5)) == 5


def test_no_fold_loses_a_unit_above_the_threshold() -> None:
    other = torch.tensor([4.0, 4.0, 4.0, 0.0, 4.0, 0.0])
    assert widths_of([[NORMS], [other]], Cut(threshold=1.1)) == [4]
    assert widths_of([[NORMS], [other]], Cut(amount=0.5)) == [3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "one of them"),
        ({"amount": 0.5, "threshold": 0.5}, "one of them"),
        ({"amount": 0.0}, "above 0, less than 1, but got 0"),
        ({"amount": 1.0}, "above 0, less than 1, but got 1"),
        ({"amount": float("nan")}, "but got nan"),
        ({"threshold": 0.0}, "a number above 0, but got 0"),
        ({"threshold": -1.0}, "but got -1"),
        ({"threshold": float("inf")}, "but got inf"),
        ({"threshold": float("nan")}, "but got nan"),
    ],
)
def test_what_is_no_cut_is_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        Cut(**arguments)
    assert error.value.fix
