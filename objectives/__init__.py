"""How a trial is scored: data, splits, the trainer, metrics. Knows nothing of the search."""
