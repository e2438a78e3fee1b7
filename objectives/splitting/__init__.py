"""Ways to split rows: one a file, each an `AtRandom` that knows better. See `splits`."""
