"""The main job as Ray Tune does it: OptunaSearch, ASHA, the MLflow callback, actors reused.

    python benchmarks/ray_tune.py FOLDER TRIALS

Prints the number of epochs trained as its last line.
"""

from __future__ import annotations

import os
import sys

os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from by_hand import EPOCHS, epochs, load
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch


class Trainable(tune.Trainable):
    def setup(self, config, data=None):
        import torch

        torch.set_num_threads(1)
        self.data = data
        self.reset_config(config)

    def reset_config(self, new_config):
        self.epochs = epochs(self.data, **new_config)
        return True

    def step(self):
        training, loss, accuracy = next(self.epochs)
        return {
            "training_loss": training,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
        }

    def save_checkpoint(self, checkpoint_dir):
        return None


def main() -> None:
    folder, n_trials = sys.argv[1], int(sys.argv[2])
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    space = {
        "learning_rate": tune.loguniform(1e-4, 1e-1),
        "batch_size": tune.choice([32, 64, 128, 256]),
        "layers": tune.randint(1, 4),
        "hidden_units": tune.lograndint(16, 257),
        "dropout": tune.uniform(0.0, 0.5),
    }
    tuner = tune.Tuner(
        tune.with_parameters(Trainable, data=load()),
        param_space=space,
        tune_config=tune.TuneConfig(
            metric="validation_loss",
            mode="min",
            num_samples=n_trials,
            max_concurrent_trials=2,
            search_alg=OptunaSearch(seed=0),
            # Three epochs of grace: about as many epochs in all as the median pruner trains.
            scheduler=ASHAScheduler(max_t=EPOCHS, grace_period=3),
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            storage_path=f"{folder}/ray_results",
            name="digits",
            verbose=0,
            stop={"training_iteration": EPOCHS},
            callbacks=[
                MLflowLoggerCallback(
                    tracking_uri=f"sqlite:///{folder}/mlflow.db", experiment_name="digits"
                )
            ],
        ),
    )
    results = tuner.fit()
    print(f"best {results.get_best_result().metrics['validation_loss']:.4f}")
    print(sum(result.metrics["training_iteration"] for result in results))


if __name__ == "__main__":
    main()
