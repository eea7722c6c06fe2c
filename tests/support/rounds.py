# SPDX-License-Identifier: Apache-2.0
"""The event that stops a thread of the backend, held by a test: between two rounds it does the test's next step."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Rounds(threading.Event):
    """Instead of waiting for the next round: does a step of the test, and stops after the last."""

    steps: Iterator[Callable[[], object]]
    waited_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waited_s.append(timeout)
        step = next(self.steps, None)
        if step is not None:
            step()
        return step is None
