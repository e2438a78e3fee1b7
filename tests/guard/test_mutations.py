"""Each guard taken away in turn: at least one test notices.

The package is copied, one line of it is changed, and the test that stands for the guard is run
against the copy. It has to fail there, having passed here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("tests", "benchmarks", "docs", "mlruns", "build", "*.egg-info", ".*")


class Mutation(NamedTuple):
    """A line of a guard, what stands in its place, and the test that must then fail."""

    file: str
    line: str
    instead: str
    test: str


MUTATIONS = {
    "sealed rows may be trained on": Mutation(
        "objectives/guard/sealing.py",
        "    if not others:\n",
        "    if others or not others:\n",
        "tests/objectives/guard/test_sealing.py::test_sealed_rows_are_not_trained_on_later",
    ),
    "looks are a study's own": Mutation(
        "objectives/guard/sealing.py",
        "if shares[look.seal] >= SAME]",
        "if shares[look.seal] >= 2]",
        "tests/objectives/guard/test_sealing.py"
        "::test_looks_count_for_every_set_with_a_tenth_of_the_rows",
    ),
    "a manifest may be another": Mutation(
        "objectives/guard/sealing.py",
        "    if manifest.sha256 != manifest_sha256:\n",
        "    if not manifest.sha256:\n",
        "tests/objectives/guard/test_sealing.py::test_manifest_rewritten_to_fit_is_not_the_studys",
    ),
    "encrypted rows are bound to no label": Mutation(
        "objectives/guard/cipher.py",
        "body[start : start + PART_BYTES + _N_TAG],\n                bound,",
        "body[start : start + PART_BYTES + _N_TAG],\n                b'label',",
        "tests/objectives/guard/test_cipher.py::test_another_key_or_label_does_not_open",
    ),
    "a vault may lie in the project": Mutation(
        "objectives/guard/places.py",
        "        for folder in folders:\n",
        "        for folder in ():\n",
        "tests/objectives/guard/test_places.py::test_vault_in_the_project_is_refused",
    ),
    "preprocessing is fitted on all rows": Mutation(
        "objectives/preparation.py",
        "Features.fit(take(table.inputs, fold.train), data.preprocess, data.columns)",
        "Features.fit(table.inputs, data.preprocess, data.columns)",
        "tests/objectives/test_preparation.py::test_test_rows_reach_nothing_of_a_development",
    ),
    "classes are those of all rows": Mutation(
        "objectives/preparation.py",
        "np.unique(targets[development], return_inverse=True)",
        "(np.unique(targets), np.searchsorted(np.unique(targets), targets[development]))",
        "tests/guard/test_non_interference.py"
        "::test_search_is_the_same_to_the_bit_whatever_the_test_rows_hold[random-inline]",
    ),
    "copies may stand on two sides": Mutation(
        "objectives/duplicates.py",
        "    first = copies(inputs)\n    own",
        "    first = np.arange(len(inputs))\n    own",
        "tests/objectives/test_splits.py",
    ),
    "a ledger's line may say anything": Mutation(
        "objectives/guard/entries.py",
        'if fields.pop("hash") != _hash(fields):',
        'if not fields.pop("hash"):',
        "tests/guard/test_ledger_tampering.py",
    ),
    "a ledger's lines may be left out": Mutation(
        "objectives/guard/ledger.py",
        "if entry.previous != _head(entries):",
        "if entry.previous == entry.hash:",
        "tests/guard/test_ledger_tampering.py::test_lines_left_out_moved_or_written_twice_are_seen",
    ),
    "a ledger may be an older one": Mutation(
        "search/verify.py",
        '        self.ledger.check_contains(self.guard["ledger_head"])\n',
        "",
        "tests/search/test_verify.py::test_ledger_put_back_to_an_earlier_day_is_noticed",
    ),
    "a second look needs no reason": Mutation(
        "search/verify.py",
        "    _refuse_again(verification.name, number, past, reason)\n    content",
        "    content",
        "tests/search/test_verify.py::test_another_model_is_refused_with_the_look_there_was",
    ),
    "a look is had without a word": Mutation(
        "search/verify.py",
        "entry = same[-1].hash if same else _intent(",
        "entry = (lambda *_: chr(0))(",
        "tests/search/test_verify.py::test_look_is_announced_before_and_written_down_after",
    ),
    "a stored value is believed": Mutation(
        "search/selection.py",
        "    if math.isclose(found, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):\n",
        "    if found is not None:\n",
        "tests/search/test_verify.py"
        "::test_value_edited_in_the_store_is_not_that_of_its_predictions",
    ),
    "a trial may verify": Mutation(
        "search/verify.py",
        "        refuse_inside_a_search(home)\n",
        "",
        "tests/search/test_verify.py::test_call_from_inside_a_search_is_refused",
    ),
    "a tainted study is opened": Mutation(
        "search/verify.py",
        '    if verification.guard["touched"]:\n',
        "    if not verification.guard:\n",
        "tests/search/test_verify.py::test_tainted_study_keeps_its_rows_shut",
    ),
    "new rows may be the sealed ones": Mutation(
        "objectives/guard/newcomers.py",
        "        if n >= sealing.SAME * min(len(rows), len(known)):\n",
        "        if n < 0:\n",
        "tests/objectives/guard/test_newcomers.py",
    ),
    "errors may quote test rows": Mutation(
        "objectives/guard/redaction.py",
        "        if isinstance(error, _TOLD) or type(error) is TuneError:",
        "        if error:",
        "tests/guard/test_opened_rows.py::test_whatever_else_fails_says_where_and_not_what",
    ),
    "a study may go on with other test rows": Mutation(
        "search/guarding.py",
        '    if was["id"] != seal.id:\n',
        '    if not was["id"]:\n',
        "tests/search/test_guarding.py::test_other_rows_or_another_manifest_are_refused",
    ),
    "a metric may be of test rows": Mutation(
        "objectives/metrics.py",
        "    if _OF_TEST_ROWS.search(name):\n",
        "    if not name:\n",
        "tests/objectives/test_generators.py",
    ),
    "the kernel locks nothing": Mutation(
        "objectives/guard/landlock.py",
        "    if version() == 0:\n        return False\n    handled",
        "    if version() >= 0:\n        return True\n    handled",
        "tests/objectives/guard/test_landlock.py",
    ),
    "no attempt is noted": Mutation(
        "objectives/guard/tripwire.py",
        "def armed(self) -> Iterator[None]:\n",
        "def armed(self) -> Iterator[None]:\n        yield\n        return\n",
        "tests/objectives/guard/test_tripwire.py",
    ),
    "credentials stay in the environment": Mutation(
        "search/executors/cluster.py",
        "            del os.environ[name]\n",
        "            pass\n",
        "tests/search/executors/test_cluster.py",
    ),
}


Outcome = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Outcome]]]:
    """What the tests say of each mutation; as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = {name: tmp_path_factory.mktemp("mutated") for name in MUTATIONS}
        yield {name: pool.submit(outcome_of, MUTATIONS[name], folders[name]) for name in MUTATIONS}


def outcome_of(mutation: Mutation, folder: Path) -> Outcome:
    """Run a mutation's test against a copy of the package that has it."""
    package = folder / "truetune"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns(*LEFT_OUT))
    source = (package / mutation.file).read_text()
    assert source.count(mutation.line) == 1, "the guard has moved: correct this table"
    (package / mutation.file).write_text(source.replace(mutation.line, mutation.instead))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--basetemp={folder / 'its own'}", mutation.test],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", MUTATIONS)
def test_guard_that_is_taken_away_is_missed(
    name: str, outcomes: dict[str, Future[Outcome]]
) -> None:
    done = outcomes[name].result()
    # 1: some tests failed. Anything else would be a broken copy or an unknown test.
    assert done.returncode == 1, done.stdout
    assert "failed" in done.stdout.splitlines()[-1]
