"""Who decides, where it runs, what is remembered. `loop.py` is the place to start reading."""
