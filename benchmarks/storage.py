"""What a trial costs in Optuna's store, written directly and through the driver's storage.

    python benchmarks/storage.py [--rounds 5]

A search of 64 trials of five parameters, up to twenty epochs, TPE and the median pruner, that
trains nothing: asking, reporting, judging and telling are all there is. Both on SQLite in WAL
mode, interleaved. Appends the medians and the ratio to benchmarks/LOG.md.
"""

from __future__ import annotations

import math
import random
import statistics
import tempfile
import time

import optuna
from log import conclude, parser, spread, table

from truetune.search.storage import DriverStorage, open_store

N_TRIALS, EPOCHS = 64, 20


def search(storage: optuna.storages.BaseStorage) -> float:
    """Return the seconds that the store, the sampler and the pruner took."""
    rng = random.Random(0)
    study = optuna.create_study(storage=storage, pruner=optuna.pruners.MedianPruner())
    started = time.perf_counter()
    for number in range(N_TRIALS):
        study.sampler = optuna.samplers.TPESampler(seed=number)
        trial = study.ask()
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
        trial.suggest_categorical("batch_size", [32, 64, 128, 256])
        trial.suggest_int("layers", 1, 3)
        trial.suggest_int("hidden_units", 16, 256, log=True)
        dropout = trial.suggest_float("dropout", 0.0, 0.5)
        for epoch in range(1, EPOCHS + 1):
            loss = abs(math.log10(rate) + 2.5) + dropout + 1 / epoch + 0.1 * rng.random()
            trial.report(loss, epoch)
            if isinstance(storage, DriverStorage) and epoch % 5 == 0:
                storage.flush()  # as the loop does, a few times a second
            if epoch < EPOCHS and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, loss)
    return time.perf_counter() - started


def main() -> None:
    options = parser(rounds=5).parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    direct, driver = [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            direct.append(search(open_store(f"sqlite:///{folder}/direct.db")))
            driver.append(search(DriverStorage(open_store(f"sqlite:///{folder}/driver.db"))))
    rows = [
        (name, f"{1e3 * statistics.median(times) / N_TRIALS:.1f} ms")
        for name, times in {"Optuna's, written directly": direct, "the driver's": driver}.items()
    ]
    ratios = [ours / theirs for ours, theirs in zip(driver, direct, strict=True)]
    ratio = f"- {spread(ratios, unit='x')}, {options.rounds} rounds"
    conclude("The store of a search", f"{table(('storage', 'a trial'), rows)}\n\n{ratio}", options)


if __name__ == "__main__":
    main()
