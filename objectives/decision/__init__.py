"""From probabilities to answers: which mistakes matter, set on validation rows.

| file         | what it is                                                            |
|--------------|-----------------------------------------------------------------------|
| `rules`      | how probabilities become answers: by a threshold, by costs, as trained |
| `sweep`      | what every threshold is worth on some rows                            |
| `drawing`    | rows drawn again                                                      |
| `choosing`   | the threshold that meets a goal, and what it is worth on other rows   |
| `pricing`    | the answers that cost least where mistakes of several classes do      |
"""

from __future__ import annotations

from .rules import Costs, Likeliest, Rule, Threshold, rule_of, score_of

__all__ = ["Costs", "Likeliest", "Rule", "Threshold", "rule_of", "score_of"]
