# SPDX-License-Identifier: Apache-2.0
"""Log lines as JSON, one object a line: `at`, `level`, `logger`, `message`, and `error` where there was an exception.

No other member is ever written: what a caller puts beside a message (`extra=`) stays out of the log.

Tests: tests/sandbox/backend/service/test_json_lines.py
"""

import logging
import sys

import msgspec

from pengpos.core.times import rfc3339
from pengpos.serving.few_lines import FewLines


class JsonLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line."""

    at: str
    level: str
    logger: str
    message: str
    error: str | None = None


class JsonLines(logging.Formatter):
    """Formats a record as `JsonLine`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever was in the message."""
        line = JsonLine(
            at=rfc3339(int(record.created)),
            level=record.levelname.lower(),
            logger=record.name,
            message=record.getMessage(),
            error=self.formatException(record.exc_info) if record.exc_info else None,
        )
        return msgspec.json.encode(line).decode()


def log_json_to_stderr(level: int) -> None:
    """What the service logs, bounded; called once, at its start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(FewLines())
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler])
