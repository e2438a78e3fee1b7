"""`python -m truetune.cli` is `tune`."""

from . import main

main()
