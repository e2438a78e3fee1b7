"""The Optuna store of a search: SQLite or PostgreSQL on disk, answered from memory.

The driver is a study's only writer (`lock`), so what it has written it need not read again.
Five parameters, twenty epochs and a pruner cost 9 ms a trial to ask, 22 ms to suggest and 3.7 ms
an epoch to decide on when each question goes to SQLite, which is more than the training takes.
Here questions go to memory. Writes about a *running* trial wait for `flush`, which the loop
calls while the workers train; a trial's new state is on disk before the call returns.

Numbers, RUNNING rows and study attributes are Optuna's own, in Optuna's own schema: another
process sees the study as if it had been written directly, at most one epoch late.
"""

from __future__ import annotations

import contextlib
import copy
import os
import tempfile
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._rdb.models import TrialIntermediateValueModel
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy

BUSY_TIMEOUT_S = 60


def open_store(url: str) -> RDBStorage:
    """Open a database with Optuna's schema, creating what is missing.

    SQLite is put in WAL mode, so that a dashboard reads while the search writes. With
    `synchronous=NORMAL` a process that is killed loses nothing; a power cut may cost the last
    second.
    """
    if not url.startswith("sqlite"):
        # Notices a server that was restarted before a statement is lost on it.
        return RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    _create_whole(Path(url.removeprefix("sqlite:///")))
    return _open_sqlite(url)


def _open_sqlite(url: str) -> RDBStorage:
    return RDBStorage(
        url,
        engine_kwargs={
            "connect_args": {"timeout": BUSY_TIMEOUT_S},
            "pool_events": [(_set_pragmas, "connect")],
        },
    )


def _create_whole(path: Path) -> None:
    """Make a new database aside and link it into its place with all its tables.

    Of two processes that create the tables of one file at the same moment, one fails.
    """
    if path.exists() or not path.parent.is_dir():
        return
    with tempfile.TemporaryDirectory(prefix=".optuna-", dir=path.parent) as folder:
        aside = Path(folder) / path.name
        store = _open_sqlite(f"sqlite:///{aside}")
        store.remove_session()
        store.engine.dispose()  # the last connection to close writes the log into the file
        with contextlib.suppress(FileExistsError):  # somebody else was first
            os.link(aside, path)


def _set_pragmas(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class DriverStorage(BaseStorage):
    """A store that answers from memory and writes what is running when told to `flush`.

    Trials have ids of this object's own until they are written, and keep them; the store's
    ids are never seen outside.
    """

    def __init__(self, store: RDBStorage) -> None:
        self._store = store
        self._trials: dict[int, FrozenTrial] = {}  # by own id; replaced, never changed
        self._study_of: dict[int, int] = {}  # own trial id to study id
        self._ids: dict[int, list[int]] = {}  # study id to own trial ids, by number
        self._stored_id: dict[int, int] = {}  # own trial id to the store's
        self._unborn: list[int] = []  # own ids of trials that the store does not know yet
        self._unwritten: list[Callable[[], object]] = []
        self._unwritten_values: list[tuple[int, int, float]] = []  # own trial id, step, value
        self._distributions: dict[int, dict[str, BaseDistribution]] = {}
        self._study_facts: dict[tuple[int, str], Any] = {}

    # Writing

    def flush(self) -> None:
        """Write everything that waits, in the order it happened."""
        while self._unborn:
            own_id = self._unborn.pop(0)
            # One transaction takes in the parameters and attributes set since the trial began.
            template = self._trials[own_id]
            study_id = self._study_of[own_id]
            self._stored_id[own_id] = self._store.create_new_trial(study_id, template)
        if self._unwritten_values:
            rows = [(self._stored_id[own], step, v) for own, step, v in self._unwritten_values]
            _insert_intermediate_values(self._store, rows)
            self._unwritten_values.clear()
        for write in self._unwritten:
            write()
        self._unwritten.clear()

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        ids = self._load(study_id)
        trial = copy.deepcopy(template_trial) if template_trial else _new_trial()
        trial.number = len(ids)
        trial._trial_id = own_id = len(self._trials)
        self._study_of[own_id] = study_id
        self._trials[own_id] = trial
        self._distributions[study_id].update(trial.distributions)
        ids.append(own_id)
        self._unborn.append(own_id)
        if trial.state != TrialState.RUNNING:
            self.flush()
        return own_id

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        trial = self._updatable_copy(trial_id)
        known = self._distributions[self._study_of[trial_id]]
        if param_name in known:
            check_distribution_compatibility(known[param_name], distribution)
        known[param_name] = distribution
        value = distribution.to_external_repr(param_value_internal)
        trial.params = {**trial.params, param_name: value}
        trial.distributions = {**trial.distributions, param_name: distribution}
        self._replace(
            trial_id,
            trial,
            lambda stored: self._store.set_trial_param(
                stored, param_name, param_value_internal, distribution
            ),
        )

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        trial = self._updatable_copy(trial_id)
        is_new = step not in trial.intermediate_values
        trial.intermediate_values = {**trial.intermediate_values, step: intermediate_value}
        if is_new and trial_id in self._stored_id:
            self._trials[trial_id] = trial
            self._unwritten_values.append((trial_id, step, intermediate_value))
            return
        self._replace(
            trial_id,
            trial,
            lambda stored: self._store.set_trial_intermediate_value(
                stored, step, intermediate_value
            ),
        )

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        trial = self._updatable_copy(trial_id)
        trial.user_attrs = {**trial.user_attrs, key: value}
        self._replace(
            trial_id,
            trial,
            lambda stored: self._store.set_trial_user_attr(stored, key, value),
        )

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        trial = self._updatable_copy(trial_id)
        trial.system_attrs = {**trial.system_attrs, key: value}
        self._replace(
            trial_id,
            trial,
            lambda stored: self._store.set_trial_system_attr(stored, key, value),
        )

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        trial = self._updatable_copy(trial_id)
        if state == TrialState.RUNNING and trial.state != TrialState.WAITING:
            return False
        self.flush()
        is_ours = self._store.set_trial_state_values(self._stored_id[trial_id], state, values)
        trial.state = state
        if values is not None:
            trial.values = list(values)
        if state == TrialState.RUNNING:
            trial.datetime_start = datetime.now()
        if state.is_finished():
            trial.datetime_complete = datetime.now()
        self._trials[trial_id] = trial
        return is_ours

    def _updatable_copy(self, trial_id: int) -> FrozenTrial:
        trial = self.get_trial(trial_id)
        if trial.state.is_finished():
            raise UpdateFinishedTrialError(f"Trial#{trial.number} has already finished.")
        return copy.copy(trial)

    def _replace(self, trial_id: int, trial: FrozenTrial, write: Callable[[int], object]) -> None:
        self._trials[trial_id] = trial
        if trial_id in self._stored_id:
            self._unwritten.append(lambda: write(self._stored_id[trial_id]))

    # Reading

    def get_trial(self, trial_id: int) -> FrozenTrial:
        if trial_id not in self._trials:
            raise KeyError(f"No trial with trial_id {trial_id} exists.")
        return self._trials[trial_id]

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = [self._trials[own_id] for own_id in self._load(study_id)]
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        ids = self._load(study_id)
        if not 0 <= trial_number < len(ids):
            raise KeyError(f"No trial with number {trial_number} exists in study {study_id}.")
        return ids[trial_number]

    def _load(self, study_id: int) -> list[int]:
        """Return the own ids of a study's trials, reading them from the store the first time."""
        if study_id not in self._ids:
            self._ids[study_id] = []
            known = self._distributions[study_id] = {}
            for trial in self._store.get_all_trials(study_id, deepcopy=True):
                own_id = len(self._trials)
                self._stored_id[own_id], trial._trial_id = trial._trial_id, own_id
                self._trials[own_id], self._study_of[own_id] = trial, study_id
                self._ids[study_id].append(own_id)
                known.update(trial.distributions)
        return self._ids[study_id]

    # Studies: rarely written, often asked about

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        return self._store.create_new_study(directions, study_name)

    def delete_study(self, study_id: int) -> None:
        self.flush()
        self._store.delete_study(study_id)
        for own_id in self._ids.pop(study_id, []):
            del self._trials[own_id]
        self._study_facts = {k: v for k, v in self._study_facts.items() if k[0] != study_id}

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._study_facts.pop((study_id, "user_attrs"), None)
        self._store.set_study_user_attr(study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._study_facts.pop((study_id, "system_attrs"), None)
        self._store.set_study_system_attr(study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        return self._store.get_study_id_from_name(study_name)

    def get_study_name_from_id(self, study_id: int) -> str:
        name: str = self._fact(study_id, "name", self._store.get_study_name_from_id)
        return name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        directions: list[StudyDirection] = self._fact(
            study_id, "directions", self._store.get_study_directions
        )
        return directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return dict(self._fact(study_id, "user_attrs", self._store.get_study_user_attrs))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return dict(self._fact(study_id, "system_attrs", self._store.get_study_system_attrs))

    def get_all_studies(self) -> list[FrozenStudy]:
        return self._store.get_all_studies()

    def _fact(self, study_id: int, name: str, ask: Callable[[int], Any]) -> Any:
        if (study_id, name) not in self._study_facts:
            self._study_facts[study_id, name] = ask(study_id)
        return self._study_facts[study_id, name]


def _insert_intermediate_values(store: RDBStorage, rows: list[tuple[int, int, float]]) -> None:
    """Insert (trial id, step, value) rows in one transaction.

    The store's own method asks for the trial and the row before it writes one value, 1.3 ms
    each; every epoch of every trial comes through here.
    """
    model = TrialIntermediateValueModel
    values = []
    for trial_id, step, value in rows:
        stored, kind = model.intermediate_value_to_stored_repr(value)
        values.append(
            {
                "trial_id": trial_id,
                "step": step,
                "intermediate_value": stored,
                "intermediate_value_type": kind,
            }
        )
    try:
        with store.engine.begin() as connection:
            connection.execute(insert(model), values)
    except SQLAlchemyError as error:
        raise StorageInternalError(f"an epoch's values cannot be written: {error}") from error


def _new_trial() -> FrozenTrial:
    trial = optuna.trial.create_trial(state=TrialState.RUNNING)
    trial.datetime_start = datetime.now()
    return trial
