# SPDX-License-Identifier: Apache-2.0
"""The benchmark measures what it says, on a small scale; what the figures are is not asserted here."""

from pathlib import Path

import pytest

from workshop.bench import queue as bench
from workshop.bench.queue import APPEND, ARROW, SALE_THROUGH, THROUGH, Measure, run


def test_a_small_run_has_every_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "TAKE_WAITING", 5)
    monkeypatch.setattr(bench, "ROWS_FEW", 50)
    monkeypatch.setattr(bench, "ROWS_AT_ONCE", 50)
    report = run(tmp_path, operations=40, rows=150, with_peers=False)
    assert [measure.what for measure in report.puts] == ["sqlite3, WAL FULL", APPEND, ARROW, THROUGH, SALE_THROUGH]
    assert [len(measure.took_s) for measure in (*report.puts, *report.takes)] == [40] * 7
    assert report.ratio(APPEND) > 0
    assert report.writers_per_second > 0
    assert report.written_per_sale > 4 * 4096
    assert report.open_s > 0
    text = "\n".join(report.lines())
    assert all(word in text for word in ("16 writers", "KiB", "opening 150 rows", ARROW))


def test_percentiles() -> None:
    measure = Measure("x", took_s=[n / 1e6 for n in range(100, 0, -1)])
    assert (round(measure.percentile_us(0.5)), round(measure.percentile_us(0.99))) == (51, 100)
    assert round(measure.percentile_us(1)) == 100
