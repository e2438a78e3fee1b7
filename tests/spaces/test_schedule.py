"""Schedules as a file says them: by name or with options, refused where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from truetune.spaces import MistakesError, Training, load
from truetune.spaces.schedule import CONSTANT, OPTIONS, Schedule

FLAT = Path(__file__).parents[1] / "flat.yaml"
HEAD = """data: {source: sklearn:wine}
task: classification
parameters: {layers: {type: int, low: 1, high: 2}}
training:
  epochs: 10
  schedule:
"""


def mistakes(tmp_path: Path, *lines: str) -> list[str]:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + "".join(f"    {line}\n" for line in lines))
    with pytest.raises(MistakesError) as caught:
        load(path)
    return [f"{m.place.line}: {m.rule} {m.fix}".strip() for m in caught.value.mistakes]


@pytest.mark.parametrize("name", OPTIONS)
def test_a_name_alone_is_a_short_form(name: str) -> None:
    training = Training.model_validate({"schedule": name})
    assert training.schedule == Schedule(name=name)
    assert Training.model_validate(training.model_dump()) == training


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("constant", "constant"),
        ({"name": "constant"}, "constant"),
        ("cosine", "cosine"),
        ({"name": "cosine", "period": 1, "multiplier": 2, "warmup": 0.5}, None),
        ("exponential", {"name": "exponential", "decay": 0.95}),
        ({"name": "exponential", "decay": None}, {"name": "exponential", "decay": 0.95}),
        ("staircase", {"name": "staircase", "factor": 0.5, "every": 5}),
        ({"name": "plateau", "patience": 0}, {"name": "plateau", "factor": 0.5, "patience": 0}),
        ({"name": "one_cycle", "warmup": 2}, {"name": "one_cycle", "warmup": 2.0}),
    ],
)
def test_a_schedule_is_written_with_all_that_it_means(said: Any, written: Any) -> None:
    schedule = Training.model_validate({"schedule": said}).schedule
    assert schedule.model_dump() == (said if written is None else written)


def test_studies_from_before_there_were_schedules_go_on() -> None:
    content = load(FLAT).identity()["training"]
    assert content["schedule"] == "constant"
    later = ("nesterov", "beta1", "beta2", "epsilon", "l1", "clip_value", "clip_norm")
    assert {content[key] for key in later} == {None}
    assert Training().schedule == CONSTANT


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["name: cosin"], ["7: there is no schedule 'cosin'. Did you mean 'cosine'?"]),
        (["name: cosine", "perod: 2"], ["8: there is no key 'perod' here."]),
        (
            ["name: cosine", "T_0: 2"],
            ["8: there is no key 'T_0' here. Write `period` instead."],
        ),
        (
            ["type: cosine"],
            [
                "6: the key 'training.schedule.name' is missing. Add `name:`.",
                "7: there is no key 'type' here. Write `name` instead.",
            ],
        ),
        (["period: 2"], ["6: the key 'training.schedule.name' is missing."]),
        (
            ["name: cosine", "decay: 0.9"],
            ["8: `decay` is an option of exponential, but the schedule is cosine. Remove it."],
        ),
        (
            ["name: exponential", "factor: 0.9"],
            ["8: `factor` is an option of staircase and plateau, but the schedule is exponential"],
        ),
        (
            ["name: cosine", "multiplier: 2"],
            ["8: a `multiplier` is of a period that starts again. Add `period:`."],
        ),
        *(
            ([f"name: {name}", f"{option}: {value}"], [f"8: `training.schedule.{option}`: input"])
            for name, option, values in (
                ("exponential", "decay", (0, 1, 1.5, -0.5)),
                ("staircase", "factor", (0, 1, "half")),
                ("plateau", "factor", (0, 1)),
                ("staircase", "every", (0, 1.5)),
                ("plateau", "patience", (-1, 0.5)),
                ("cosine", "period", (0, -1, 0.5)),
                ("constant", "warmup", (0, -1, "long")),
            )
            for value in values
        ),
        (["name: cosine", "period: 2", "multiplier: 0"], ["9: `training.schedule.multiplier`"]),
        (
            ["decay: 2", "name: staircase", "every: 0", "period: 3", "factor: 1", "warmup: -1"],
            [
                "7: `training.schedule.decay`: input should be less than 1, but got 2.",
                "9: `training.schedule.every`: input",
                "10: `period` is an option of cosine, but the schedule is staircase.",
                "11: `training.schedule.factor`: input",
                "12: `training.schedule.warmup`: input",
            ],
        ),
    ],
)
def test_every_mistake_is_told_at_its_line(
    tmp_path: Path, lines: list[str], expected: list[str]
) -> None:
    found = mistakes(tmp_path, *lines)
    assert len(found) == len(expected)
    for told, start in zip(found, expected, strict=True):
        assert told.startswith(start)


@pytest.mark.parametrize("said", [3, True, ["cosine"], None])
def test_what_is_no_name_is_no_schedule(said: Any) -> None:
    with pytest.raises(MistakesError, match=r"a mapping with `name:` and options"):
        load(FLAT, {"training.schedule": said})
