"""Sizes: what a process may still take, of the machine and of its container."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from truetune.errors import InfrastructureError
from truetune.objectives import sizes
from truetune.objectives.sizes import SHARE, available, check_fits, in_words

GIB = 2**30


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container without limits, on a machine with 8 GiB free."""
    monkeypatch.setattr(sizes, "_CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GIB))
    return tmp_path


def write(folder: Path, **files: object) -> None:
    for name, content in files.items():
        (folder / f"memory.{name}").write_text(f"{content}\n")


def test_without_a_container_it_is_what_the_machine_has_free(container: Path) -> None:
    assert available() == 8 * GIB


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"max": 3 * GIB, "current": GIB}, 2 * GIB),
        ({"max": "max", "current": GIB}, 8 * GIB),
        ({"max": 3 * GIB}, 8 * GIB),
        ({"max": 64 * GIB, "current": GIB}, 8 * GIB),  # the machine has less
        ({"max": GIB, "current": 2 * GIB}, 0),
        ({"max": 3 * GIB, "current": 3 * GIB, "stat": f"anon 5\ninactive_file {GIB}"}, GIB),
        ({"max": 3 * GIB, "current": GIB, "stat": "anon 5\nactive_file 7"}, 2 * GIB),
        ({"max": "max", "current": GIB, "stat": f"inactive_file {GIB}"}, 8 * GIB),
    ],
)
def test_a_container_may_allow_less(
    container: Path, files: dict[str, object], expected: int
) -> None:
    write(container, **files)
    assert available() == expected


def test_what_does_not_fit_is_told_with_both_numbers(container: Path) -> None:
    write(container, max=3 * GIB, current=GIB)
    check_fits(SHARE * 2 * GIB, "the rows of x.csv")
    with pytest.raises(InfrastructureError) as caught:
        check_fits(5 * GIB, "the rows of x.csv")
    assert caught.value.cause == (
        "the rows of x.csv take about 5.0 GiB of memory, and 2.0 GiB are free."
    )
    assert "larger machine" in caught.value.fix


def test_a_part_of_what_is_free_is_left_for_the_others(container: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"8\.0 GiB of memory, and 8\.0 GiB are free"):
        check_fits(8 * GIB, "the rows")


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 MiB"),
        (5 * 2**20, "5 MiB"),
        (1023 * 2**20, "1,023 MiB"),
        (GIB, "1.0 GiB"),
        (3.25 * GIB, "3.2 GiB"),
        (2048 * GIB, "2,048.0 GiB"),
    ],
)
def test_sizes_are_told_in_words(n_bytes: float, words: str) -> None:
    assert in_words(n_bytes) == words
