"""What a network is held against: plain models on the same rows, each in a file of its own.

| name     | model                                                                        |
|----------|------------------------------------------------------------------------------|
| dummy    | the shares of the classes, or the mean: what knowing no input is worth       |
| linear   | scikit-learn's LogisticRegression or Ridge                                   |
| network  | two hidden layers of 64 units by the built-in trainer, with plain settings   |
| boosting | scikit-learn's HistGradientBoosting                                          |

Each predicts a fold's validation rows: `predict(fold, task, n_outputs, seed)`, of rows that are
plain numbers, returns what `Results.predictions` holds of that fold.
"""
