"""The main job as written by hand with Optuna: two processes on one SQLite study, MLflow.

    python benchmarks/by_hand.py FOLDER TRIALS

Prints the number of epochs trained as its last line.
"""

from __future__ import annotations

import multiprocessing
import sys

EPOCHS = 20


def load():
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_digits(return_X_y=True)
    x, _, y, _ = train_test_split(x, y, test_size=360, stratify=y, random_state=0)
    x_train, x_val, y_train, y_val = train_test_split(
        x, y, test_size=359, stratify=y, random_state=0
    )
    scaler = StandardScaler().fit(x_train)
    as_x = lambda a: torch.tensor(scaler.transform(a), dtype=torch.float32)  # noqa: E731
    return as_x(x_train), torch.tensor(y_train), as_x(x_val), torch.tensor(y_val)


def build(layers: int, hidden_units: int, dropout: float):
    from torch import nn

    modules, width = [], 64
    for _ in range(layers):
        modules += [nn.Linear(width, hidden_units), nn.ReLU(), nn.Dropout(dropout)]
        width = hidden_units
    return nn.Sequential(*modules, nn.Linear(width, 10))


def epochs(data, learning_rate, batch_size, layers, hidden_units, dropout):
    """Train, yielding (training loss, validation loss, validation accuracy) an epoch."""
    import torch
    import torch.nn.functional as F

    x_train, y_train, x_val, y_val = data
    network = build(layers, hidden_units, dropout)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    for _ in range(EPOCHS):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(x_train)).split(batch_size):
            optimizer.zero_grad()
            loss = F.cross_entropy(network(x_train[rows]), y_train[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        network.eval()
        with torch.no_grad():
            outputs = network(x_val)
            loss = F.cross_entropy(outputs, y_val).item()
            accuracy = (outputs.argmax(1) == y_val).float().mean().item()
        yield total / len(x_train), loss, accuracy


def work(folder: str, n_trials: int, tracking_uri: str, parent: str, counter) -> None:
    import mlflow
    import optuna
    import torch

    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment("digits")
    data = load()

    def objective(trial):
        config = {
            "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
            "batch_size": trial.suggest_categorical("batch_size", [32, 64, 128, 256]),
            "layers": trial.suggest_int("layers", 1, 3),
            "hidden_units": trial.suggest_int("hidden_units", 16, 256, log=True),
            "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        }
        tags = {"mlflow.parentRunId": parent}
        with mlflow.start_run(run_name=f"trial {trial.number}", tags=tags):
            mlflow.log_params(config)
            for epoch, (training, loss, accuracy) in enumerate(epochs(data, **config), start=1):
                with counter.get_lock():
                    counter.value += 1
                metrics = {
                    "training_loss": training,
                    "validation_loss": loss,
                    "validation_accuracy": accuracy,
                }
                mlflow.log_metrics(metrics, step=epoch)
                trial.report(loss, epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned
        return loss

    study = optuna.load_study(
        study_name="digits",
        storage=storage(folder),
        pruner=optuna.pruners.MedianPruner(),
    )
    stop = optuna.study.MaxTrialsCallback(n_trials, states=None)
    study.optimize(objective, callbacks=[stop])


def storage(folder: str):
    import optuna

    return optuna.storages.RDBStorage(
        f"sqlite:///{folder}/optuna.db", engine_kwargs={"connect_args": {"timeout": 100}}
    )


def main() -> None:
    folder, n_trials = sys.argv[1], int(sys.argv[2])
    import mlflow
    import optuna

    tracking_uri = f"sqlite:///{folder}/mlflow.db"
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment("digits")
    with mlflow.start_run(run_name="study") as parent:
        optuna.create_study(study_name="digits", storage=storage(folder))
        context = multiprocessing.get_context("spawn")
        counter = context.Value("i", 0)
        workers = [
            context.Process(
                target=work, args=(folder, n_trials, tracking_uri, parent.info.run_id, counter)
            )
            for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    best = optuna.load_study(study_name="digits", storage=storage(folder)).best_value
    print(f"best {best:.4f}")
    print(counter.value)


if __name__ == "__main__":
    main()
