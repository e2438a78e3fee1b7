"""The errors: their exit codes, their two lines, and what survives another process."""

from __future__ import annotations

import pickle

import pytest

import truetune
from truetune.errors import (
    GuardError,
    InfrastructureError,
    InputError,
    Interrupted,
    StorageError,
    TuneError,
    did_you_mean,
)

EXIT_CODES = {
    TuneError: 1,
    InputError: 2,
    GuardError: 3,
    StorageError: 4,
    InfrastructureError: 5,
    Interrupted: 130,
}
OPTIMISERS = ["adam", "sgd", "adagrad"]


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_each_error_stands_for_its_own_exit_code(kind: type[TuneError], code: int) -> None:
    assert kind("cause").exit_code == code


@pytest.mark.parametrize("kind", EXIT_CODES)
def test_every_error_is_caught_as_a_tune_error(kind: type[TuneError]) -> None:
    with pytest.raises(TuneError) as caught:
        raise kind("the disk is full", "Free some space.")
    assert (caught.value.cause, caught.value.fix) == ("the disk is full", "Free some space.")


@pytest.mark.parametrize("kind", EXIT_CODES)
def test_every_error_survives_pickle_with_its_kind_cause_and_fix(kind: type[TuneError]) -> None:
    error = pickle.loads(pickle.dumps(kind("no GPU", "Set `gpus: 0`.")))  # noqa: S301
    assert type(error) is kind
    assert (error.cause, error.fix) == ("no GPU", "Set `gpus: 0`.")


def test_an_error_without_a_fix_survives_pickle() -> None:
    error = pickle.loads(pickle.dumps(StorageError("locked")))  # noqa: S301
    assert (error.cause, error.fix) == ("locked", "")


def test_an_error_prints_as_its_cause() -> None:
    assert str(InputError("`seed` is negative.", "Write 0.")) == "`seed` is negative."


def test_an_error_has_no_fix_unless_given_one() -> None:
    assert GuardError("refused").fix == ""


@pytest.mark.parametrize("kind", EXIT_CODES)
def test_the_package_offers_every_error_by_name(kind: type[TuneError]) -> None:
    assert getattr(truetune, kind.__name__) is kind


def test_only_the_documented_errors_exist() -> None:
    assert set(TuneError.__subclasses__()) == set(EXIT_CODES) - {TuneError}


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("adm", "adam"),
        ("adams", "adam"),
        ("sdg", "sgd"),
        ("adgrad", "adagrad"),
        ("adam", "adam"),
    ],
)
def test_a_near_miss_gets_the_nearest_word(word: str, nearest: str) -> None:
    assert did_you_mean(word, OPTIMISERS) == f"Did you mean '{nearest}'?"


@pytest.mark.parametrize("word", ["lbfgs", "", "x", "ADAM"])
def test_a_word_far_from_all_gets_them_all_in_order(word: str) -> None:
    assert did_you_mean(word, OPTIMISERS) == "Known: adagrad, adam, sgd."


def test_the_known_words_may_come_from_any_iterable() -> None:
    assert did_you_mean("trails", iter({"trials": 1, "time": 2})) == "Did you mean 'trials'?"
