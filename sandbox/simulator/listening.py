# SPDX-License-Identifier: Apache-2.0
"""Opens the socket of the simulator's page on this machine: at its usual port, or at another where that is taken."""

import errno
import socket
from collections.abc import Sequence
from typing import Final

from pengpos.core.errors import ConfigError

USUAL_PORT: Final = 8490
ANY_PORT: Final = 0


def listener_at_first_free(ports: Sequence[int], way_out: str) -> socket.socket:
    """Listen on 127.0.0.1 at the first of these ports that is free. Raises ConfigError with `way_out` as its cure."""
    port, *others = ports
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if others and error.errno == errno.EADDRINUSE:
            return listener_at_first_free(others, way_out)
        raise ConfigError(f"port {port}", error.strerror or str(error), way_out) from error
