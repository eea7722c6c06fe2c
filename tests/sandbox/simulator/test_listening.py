# SPDX-License-Identifier: Apache-2.0
"""Where the page listens: at the first port that is free, on this machine only, or it says what to do."""

import errno
import socket
from collections.abc import Iterator

import pytest

from pengpos.core.errors import ConfigError
from sandbox.simulator.listening import ANY_PORT, listener_at_first_free

CURE = "Choose another --port"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def free() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
    return port


def test_the_first_free_port_is_taken(free: int) -> None:
    with listener_at_first_free((free, ANY_PORT), CURE) as listener:
        assert listener.getsockname() == ("127.0.0.1", free)


@pytest.mark.parametrize("before", [1, 3])
def test_where_it_is_taken_the_next_is(before: int, taken: int) -> None:
    with listener_at_first_free((*[taken] * before, ANY_PORT), CURE) as listener:
        host, port = listener.getsockname()
    assert host == "127.0.0.1"
    assert port not in {ANY_PORT, taken}


def test_where_all_are_taken_it_says_so_and_the_cure(taken: int) -> None:
    with pytest.raises(ConfigError, match=f"port {taken}.*in use.*{CURE}"):
        listener_at_first_free((taken, taken), CURE)


def test_another_trouble_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def refuse(address: tuple[str, int]) -> socket.socket:
        tried.append(address[1])
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(ConfigError, match=r"port 80.*Permission denied"):
        listener_at_first_free((80, ANY_PORT), CURE)
    assert tried == [80]
