"""The words of a drafted file: what all have in common, and what belongs to one model."""

from __future__ import annotations

from string import Template

FILE = Template("""\
# Drafted from $n_rows rows. Every value is yours to change.
study: $study
card:
  purpose: ""        # fill in: what the result is for
  human_level: null  # fill in, if known: what people reach, in the objective's metric
  published: []      # fill in, if known, as [{value: 0.98, source: "a citation"}]
data:
$data
task: $task  # because $reason
# The cost is $cost.
objective: {metric: validation_loss, direction: minimize}  # the cost, on validation rows
$model
training: {epochs: 30, early_stopping: {patience: 5}}  # the weights of the best epoch are kept
parameters:
  # Matters most; drawn by its order of magnitude.
  learning_rate: {type: float, low: 1e-4, high: 1e-1, log: true}
  # Plain SGD first; Adam where that is slow.
  optimizer: {type: categorical, choices: [sgd, adam]}
  momentum: {type: float, low: 0.0, high: 0.99, default: 0.9, when: "optimizer == sgd"}
  # Powers of two; four batches an epoch or more.
  batch_size: {type: categorical, choices: $batch_sizes}
$architecture
  # Regularisation, where the validation loss stays above the training loss: dropout before the
  # last layer, and small weights (L2).
  use_dropout: {type: categorical, choices: [false, true]}
  dropout_last: {type: float, low: 0.25, high: 0.5, when: use_dropout}
  weight_decay: {type: float, low: 1e-6, high: 1e-2, log: true}
sampler: tpe
pruner: hyperband
budget: {trials: 64, time: 30m}
seed: 0
""")

MLP = Template("""\
  # One hidden layer first; each has a width of its own.
  layers: {type: int, low: 1, high: 3, default: 1}
  # Between outputs and inputs, first midway: ($n_outputs + $n_inputs) / 2 = $middle.
  # By the rows: N_s / (a (N_i + N_o)) = $n_train / (a ($n_inputs + $n_outputs)),
  # $fewest with a = 10 and $most with a = 2. The range holds both, within $smallest to $largest.
  hidden_units: {type: int, low: $low, high: $high, log: true, repeat: layers, default: $first}""")

WIDE = """\
# With this many columns and rows `model: tabular` is worth a search, too: a residual network in
# which a category is a few numbers that are learned, where here it is an input a level."""

RESNET = Template("""\
  # Two stages of one block first; each stage has half the sides and twice the channels of the one
  # before, and pictures of $size pixels a side leave something to halve in $stages.
  stages: {type: int, low: 1, high: $stages, default: $first_stages}
  blocks: {type: int, low: 1, high: 2, default: 1}
  channels: {type: categorical, choices: [8, 16, 32], default: 16}
  # More pictures of those there are: take what leaves a picture's class as it is.
  # augment_flip: {type: categorical, choices: [false, true]}
  # augment_rotation: {type: float, low: 0, high: 15}
  # augment_shift: {type: float, low: 0, high: 0.1}""")
