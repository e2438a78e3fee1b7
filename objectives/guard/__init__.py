"""The guard: test rows sealed before a search, opened once, every look counted.

| file               | subject                                                                  |
|--------------------|--------------------------------------------------------------------------|
| `places`, `keys`   | where vault, key and ledger lie, outside every project                    |
| `sealing`          | test rows put into the vault, and what a search may know of them          |
| `fingerprints`     | which rows are the same, whatever file, order or split they come in       |
| `ledger`           | every look at sealed rows, in a chain that shows what was changed         |
| `landlock`         | the kernel keeps what trains away from vault and source                   |
| `mounts`           | the other names of a path whose file system is mounted twice              |
| `tripwire`         | attempts that Python itself can see                                       |
| `levels`           | what can be promised of a search, and why not more                        |
| `examination`      | the process that opens the rows, and answers numbers only                 |
| `predicting`       | the process that predicts, and has neither targets nor key                |
| `newcomers`        | labelled rows that came later, none of them sealed                        |
| `kept`             | what a study keeps of its data, and how it numbers classes                |
| `retracing`        | the rows that a study was developed on, once more                         |
| `shift`            | whether two sets of rows are of one population                            |
| `redaction`        | errors that quote no test row                                             |
| `correction`       | the best of many, less what it owes to being picked                       |
| `verdict`          | whether test and validation tell the same                                 |
"""
