"""A time that is all there is for what follows."""

from __future__ import annotations

import time


class Timer:
    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    @property
    def is_up(self) -> bool:
        return time.monotonic() >= self.end
