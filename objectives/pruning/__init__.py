"""A trained network made smaller: what it can do without is taken away, and the rest trains on.

| file         | what it is                                                        |
|--------------|-------------------------------------------------------------------|
| `layouts`    | which architectures have units that can go, and where they are    |
| `ranking`    | which units go: those with the smallest incoming weights          |
| `shrinking`  | the weights that are left, as a smaller network has them          |
| `retraining` | the smaller network trained on, and scored on validation rows     |
| `sparsity`   | single weights set to 0, which makes nothing smaller or faster    |
"""
