"""From typed inputs to what a network takes: one kind of input a file, fitted on training rows.

Each is a frozen value object, `fit` to rows and then applied to any, and written as JSON.
"""
