# SPDX-License-Identifier: Apache-2.0
"""A TLS end that keeps what passes, whole, and gives it again to who asks next. Used on a `Road`."""

from collections.abc import Callable

import httpx

from tests.support.road import Obstacle, Pass

KEPT = ("content-type", "pengpos-answer", "pengpos-standing")


class Eavesdropper:
    """Keeps the answers that pass; `kept` are status, body and headers of each."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, bytes, dict[str, str]]] = []

    async def keep(self, request: httpx.Request, forward: Pass) -> httpx.Response:
        """Let it pass."""
        self.kept.append(await _read(request, forward))
        return self._again(-1)

    async def keep_back(self, request: httpx.Request, forward: Pass) -> httpx.Response:
        """The backend does it, and who asked hears nothing."""
        self.kept.append(await _read(request, forward))
        raise httpx.ReadError("kept back", request=request)

    @property
    def replay(self) -> Obstacle:
        """The first answer, to another question. The backend hears nothing."""
        return self.replays()

    def replays(self, edit: Callable[[bytes], bytes] = bytes) -> Obstacle:
        """The same, with another body."""

        async def obstacle(_request: httpx.Request, _forward: Pass) -> httpx.Response:
            return self._again(0, edit)

        return obstacle

    def _again(self, number: int, edit: Callable[[bytes], bytes] = bytes) -> httpx.Response:
        status, body, headers = self.kept[number]
        return httpx.Response(status, content=edit(body), headers=headers)


def edits(change: Callable[[bytes], bytes]) -> Obstacle:
    """The backend's answer comes with another body, and with all that came beside it."""

    async def obstacle(request: httpx.Request, forward: Pass) -> httpx.Response:
        status, body, headers = await _read(request, forward)
        return httpx.Response(status, content=change(body), headers=headers)

    return obstacle


async def _read(request: httpx.Request, forward: Pass) -> tuple[int, bytes, dict[str, str]]:
    answer = await forward(request)
    headers = {name: answer.headers[name] for name in KEPT if name in answer.headers}
    return answer.status_code, await answer.aread(), headers
