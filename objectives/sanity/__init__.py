"""Whether a training can work at all, found out in seconds: networks of the space, a few rows.

| file          | looks at                                                                 |
|---------------|--------------------------------------------------------------------------|
| `cases`       | which configurations are looked at: trial 0, other models, a few drawn   |
| `subject`     | rows of the training part, and networks for them, regularisation off     |
| `first_steps` | the first loss, its gradient, what reaches each layer                    |
| `units`       | units that are 0 for every row, or at their ends                         |
| `overfit`     | one row, then some rows, learnt by heart                                 |
| `short_run`   | trial 0 trained as a trial is, for some steps                            |
| `memory`      | the largest configuration: what a step of it takes                       |
| `catalogue`   | all of them, in the order of what they cost, within a time               |
| `process`     | the same in a process of its own                                         |
"""
