# SPDX-License-Identifier: Apache-2.0
"""Where the counter listens on this machine: at its usual port, or where that is taken, at another."""

import errno
import socket
from collections.abc import Sequence
from typing import Final

from pengpos.core.errors import ConfigError

USUAL_PORT: Final = 8490
ANY_PORT: Final = 0


def listener_at_first_free(ports: Sequence[int], way_out: str) -> socket.socket:
    """Listen on 127.0.0.1 at the first of these ports that nobody has. Raises ConfigError, with the way out."""
    port, *others = ports
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if others and error.errno == errno.EADDRINUSE:
            return listener_at_first_free(others, way_out)
        raise ConfigError(f"port {port}", error.strerror or str(error), way_out) from error
