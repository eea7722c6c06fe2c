# SPDX-License-Identifier: Apache-2.0
"""Where the counter listens on this machine: at its usual port, or where that is taken, at another."""

import errno
import socket
from collections.abc import Sequence
from typing import Final

from terminal.core.errors import ConfigError

USUAL_PORT: Final = 8490
ANY_PORT: Final = 0


def listener_at_first_free(ports: Sequence[int], way_out: str) -> socket.socket:
    """Listen on 127.0.0.1 at the first of these ports that nobody has. Raises ConfigError, with the way out."""
    *firsts, last = ports
    for port in firsts:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ConfigError(f"port {port}", error.strerror or str(error), way_out) from error
    try:
        return socket.create_server(("127.0.0.1", last))
    except OSError as error:
        raise ConfigError(f"port {last}", error.strerror or str(error), way_out) from error
