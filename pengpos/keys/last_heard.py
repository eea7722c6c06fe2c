# SPDX-License-Identifier: Apache-2.0
"""What a terminal last heard of its backend, kept beside the enrolment: a journal set aside takes none of it along.

`last_heard.json`, mode 0600, with a second copy: terminal_id; policy (the signed document, base64url; null where the
enrolment brought none), issuers (JWKs, under whom it was signed); what is obeyed: standing, since, by_refusal;
confirmation, the secrets of confirmation codes as the journal has them (base64url; null: the enrolment's). Enrolment
makes it, so that one that is missing was lost or taken away. Whoever reads the policy verifies it.
"""

from pathlib import Path

import msgspec

from pengpos import words
from pengpos.core.errors import ConfigError
from pengpos.keys.two_copies import mend, read_copy, read_either


class LastHeard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of the file."""

    terminal_id: str
    policy: str | None
    issuers: list[dict[str, str]]
    standing: str = "active"
    since: int | None = None
    """Unix seconds: since when it may not sell."""
    by_refusal: bool = False
    confirmation: str | None = None


def read_last_heard(path: Path, terminal_id: str) -> LastHeard | None:
    """What file or second copy say; None: neither is sound, or both are another terminal's."""

    def parse(content: bytes) -> LastHeard:
        try:
            found = msgspec.json.decode(content, type=LastHeard)
        except msgspec.DecodeError as error:
            raise ConfigError(str(path), words.DAMAGED.said(why=error), words.WRITTEN_ANEW.said()) from error
        if found.terminal_id != terminal_id:
            raise ConfigError(str(path), words.OF_ANOTHER_TERMINAL.said(), words.WRITTEN_ANEW.said())
        return found

    try:
        return read_either(path, parse)
    except FileNotFoundError:
        copy = read_copy(path)
    except (OSError, ConfigError):
        return None
    try:
        return None if copy is None else parse(copy)
    except ConfigError:
        return None


def write_last_heard(path: Path, heard: LastHeard) -> None:
    """Make file and copy say this; nothing is written where they do. A failure is logged."""
    mend(path, msgspec.json.encode(heard))
