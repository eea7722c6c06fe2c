# SPDX-License-Identifier: Apache-2.0
"""The log with the payments of a spell offline is gone at a start: people are told, with the money; the copy has them.

Row 56 of 2026-11. Source: docs/journal.md.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.journal.files import files_of
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter


@pytest.fixture
def stick(counter: Counter) -> Iterator[Path]:
    """Another medium than the journal's, named in the settings."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        counter.home.settings.write_text(f'[mirror]\ndirectory = "{directory}"\n')
        counter.restart()
        yield Path(directory)


def lose_the_log(counter: Counter) -> None:
    """Switch it off as a power cut does, and take the log away before it starts again."""
    there = {file: file.read_bytes() for file in files_of(counter.home.journal) if file.exists()}
    counter.close()
    for file, content in there.items():
        if file.name.endswith(("-wal", "-shm")):
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(content)


def test_lost_payments_are_told_with_their_money_and_the_copy_offers_them(
    counter: Counter, phone: VirtualPhone, stick: Path
) -> None:
    counter.until_status(lambda status: status.link.online and status.readers)
    counter.restart()  # folds the log: what is there now is safe
    counter.until_status(lambda status: status.link.online and status.readers)
    counter.lose_the_backend()
    first = counter.tap(counter.present("6.00"), phone, "accepted_offline")
    counter.tap(counter.present("7.00"), phone, "accepted_offline")
    lose_the_log(counter)
    counter.open()
    counter.lose_the_backend()
    status = counter.until_status(
        lambda status: {"rows_missing", "mirror_has_more"} <= {alarm.kind for alarm in status.alarms}
    )
    texts = {alarm.kind: alarm.text for alarm in status.alarms}
    assert "2 payments" in texts["rows_missing"]
    assert "13.00" in texts["rows_missing"]
    assert "2 payments" in texts["mirror_has_more"]
    sale = counter.present("8.00")
    assert "reader" not in sale.ways  # nothing is taken offline
    assert sale.number > first.number  # and not that of a sale somebody has a receipt of

    counter.restart()
    for kind in ("rows_missing", "mirror_has_more"):  # once each, until a person has seen to it
        (alarm,) = [alarm for alarm in counter.status.alarms if alarm.kind == kind]
        assert counter.call("POST", f"/v1/alarms/{alarm.id}/seen").status_code == 200
    counter.restart()
    assert {alarm.kind for alarm in counter.status.alarms} & {"rows_missing", "mirror_has_more"} == set()
