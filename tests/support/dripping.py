# SPDX-License-Identifier: Apache-2.0
"""A server whose answer comes byte by byte: each one soon enough, the last one much later."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EVERY_S = 0.02
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-more: " + b"m" * 150 + b"\r\n"


def answer(body: bytes, *headers: bytes) -> bytes:
    """A whole answer."""
    return b"".join([HEAD, *[header + b"\r\n" for header in headers], b"content-length: %d\r\n\r\n" % len(body), body])


@contextmanager
def dripping(listening: socket.socket, said: bytes, *, at_once: int = 0, every_s: float = EVERY_S) -> Iterator[None]:
    """Answer each connection that says something with `said`: the first `at_once` bytes at once, then byte by byte."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve() -> None:
        while not over.is_set():
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=drip, args=(one,)))
            threads[-1].start()

    def drip(one: socket.socket) -> None:
        with one:
            try:
                if not one.recv(65_536):
                    return
                one.sendall(said[:at_once])
                for number in range(at_once, len(said)):
                    if over.wait(every_s):
                        return
                    one.sendall(said[number : number + 1])
            except OSError:
                return

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        yield
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()
        for thread in threads:
            thread.join()


def listening_on_tcp() -> socket.socket:
    """On any free port of this machine."""
    return socket.create_server(("127.0.0.1", 0))


def origin_of(listening: socket.socket) -> str:
    """Where it is reached."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"
