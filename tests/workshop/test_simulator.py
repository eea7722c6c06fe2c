# SPDX-License-Identifier: Apache-2.0
"""`pengpos simulator`: what it says where no shop runs, and the journal's rows as the page is told them."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from pengpos.core.sale import SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved, store
from workshop.simulator import row_for_page, simulator

KEY = bytes(range(32))


def test_where_no_shop_runs_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    said = CliRunner().invoke(simulator)
    assert said.exit_code == 1
    assert "no terminal is running here" in said.output
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts.json").write_text(json.dumps({"backend": "http://127.0.0.1:9", "vpcd_ports": []}))
    said = CliRunner().invoke(simulator)
    assert said.exit_code == 1
    assert "no sandbox has run over" in said.output


def test_a_port_that_is_taken_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))
    for name, text in (
        ("run/parts.json", '{"backend": "http://127.0.0.1:9", "vpcd_ports": []}'),
        ("sandbox/admin-token", "t"),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = CliRunner().invoke(simulator, ["--port", str(taken.getsockname()[1])])
    assert said.exit_code == 1
    assert "Choose another --port" in said.output


def test_a_row_is_told_without_what_the_page_need_not_know(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    maker = SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        sale = maker.authorised(maker.signed(journal.next_counter()), counter=1)
        store(journal, moved(sale, SaleState.ACCEPTED_OFFLINE))
    with JournalReader(path, KEY) as reader:
        rows = reader.rows_since(0, 10)
    first, last = row_for_page(rows[0]), row_for_page(rows[-1])
    assert first == {"seq": 1, "kind": "epoch", "at": rows[0].row.at_utc, "hash": rows[0].hash.hex()[:8]}
    assert (last["state"], last["total"], last["currency"]) == ("accepted_offline", sale.total.minor, "CNY")
    assert json.loads(json.dumps(last)) == last
    assert {type(value) for value in last.values()} <= {str, int, bool, type(None)} | {type(last["prompt"])}
