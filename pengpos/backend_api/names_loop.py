# SPDX-License-Identifier: Apache-2.0
"""An event loop that looks names up in threads of its own.

The system's resolver cannot be given up: where the line leads nowhere it may block for half a minute, a thread for each
question. asyncio asks it in the threads that all else shares, so that a sale's journal would wait behind it.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

LOOK_UPS_MOST = 4


class NamesLoop(asyncio.SelectorEventLoop):
    """asyncio's own; at most `LOOK_UPS_MOST` names are looked up at once, and an end of the program waits for none."""

    def __init__(self) -> None:
        super().__init__()
        self._look_ups = 0

    async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> list[Any]:
        """Raises socket.gaierror, also where as many are being looked up as may."""
        if self._look_ups >= LOOK_UPS_MOST:
            raise socket.gaierror(socket.EAI_AGAIN, "no name is found here: the questions before have no answer yet")
        found: asyncio.Future[list[Any]] = self.create_future()
        self._look_ups += 1
        threading.Thread(target=self._look_up, args=(found, host, port, how), name="names", daemon=True).start()
        return await found

    def _look_up(self, found: "asyncio.Future[list[Any]]", host: Any, port: Any, how: dict[str, Any]) -> None:
        answer: list[Any] | BaseException
        try:
            answer = socket.getaddrinfo(host, port, **how)
        except (OSError, UnicodeError) as error:
            answer = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self.call_soon_threadsafe(self._looked_up, found, answer)

    def _looked_up(self, found: "asyncio.Future[list[Any]]", answer: list[Any] | BaseException) -> None:
        self._look_ups -= 1
        if found.done():  # it was given up
            return
        if isinstance(answer, BaseException):
            found.set_exception(answer)
        else:
            found.set_result(answer)
