"""Blocks: which rows a bootstrap takes together."""

from __future__ import annotations

import numpy as np

from truetune.objectives.guard.blocks import blocks_of, kind_of
from truetune.objectives.table import Table

TARGETS = np.zeros(100)


def test_rows_without_group_or_time_stand_alone() -> None:
    table = Table(np.zeros((100, 1)), TARGETS)
    assert kind_of(table) == ""
    assert blocks_of(table, np.arange(10, 30)).tolist() == list(range(20))


def test_group_is_a_block() -> None:
    groups = np.arange(100) % 7 * 1000
    table = Table(np.zeros((100, 1)), TARGETS, groups=groups)
    rows = np.array([3, 10, 4, 17, 5])
    assert kind_of(table) == "group"
    assert blocks_of(table, rows).tolist() == [0, 0, 1, 0, 2]


def test_block_of_times_is_a_cube_roots_worth_of_rows_in_a_row() -> None:
    times = np.random.default_rng(0).permutation(100).astype(np.float64)
    table = Table(np.zeros((100, 1)), TARGETS, times=times)
    rows = np.arange(64)
    blocks = blocks_of(table, rows)
    assert kind_of(table) == "time"
    assert np.bincount(blocks).tolist() == [4] * 16
    assert np.all(np.diff(blocks[np.argsort(times[rows])]) >= 0)


def test_rows_of_one_moment_are_in_one_block() -> None:
    days = np.repeat(np.arange("2024-01-01", "2024-01-11", dtype="datetime64[D]"), 10)
    table = Table(np.zeros((100, 1)), TARGETS, times=days)
    blocks = blocks_of(table, np.arange(100))
    assert [len(set(blocks[i : i + 10])) for i in range(0, 100, 10)] == [1] * 10
    assert len(set(blocks)) == 10
