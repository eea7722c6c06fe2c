# SPDX-License-Identifier: Apache-2.0
"""`pengpos simulator`: the simulator's page, given the terminal's local API and journal to show.

`pengpos run` starts it and reads what it prints: `{"url": …}`, then `{"switch": "link" | "reader", "to": "on" | "off" |
"breaks"}` for each switch turned on the page; `run` carries it out.
"""

import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from pengpos.client import ApiProblem, DaemonAway, Home, LocalClient
from pengpos.core.currencies.currency import digits
from pengpos.core.errors import JournalError, MalformedError, PengposError

if TYPE_CHECKING:
    from collections.abc import Callable

    from offline_queue.records.chain import ChainedRow
    from sandbox.simulator.board import Board
    from sandbox.simulator.shop import Switchable

SCREEN_URL: Final = "PENGPOS_SCREEN_URL"
"""In the environment: where the screen listens. Not on the command line, which every user of a machine may read."""
ROWS_MOST: Final = 60
LOOK_S: Final = 0.3
_BACK_OFF_S = 0.5


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="0: any free one.  [default: 8490, or where that is taken, any]"
)
@click.option("--switch", "switchable", multiple=True, type=click.Choice(["link", "reader"]),
              help="Let the page turn this off and on: what is wanted is printed, for the parent process.")  # fmt: skip
def simulator(*, port: int | None, switchable: "tuple[Switchable, ...]") -> None:
    """A shop in a browser on this machine: the terminal's screen, virtual phones, journal and ledger.

    `pengpos run` starts it by itself and prints its address.
    """
    from sandbox.phone.parts import read_parts
    from sandbox.simulator.server import say, serve
    from sandbox.simulator.shop import SimulatedShop

    home = Home.of_environment()
    try:
        parts = read_parts(home)
        shop = SimulatedShop(
            home,
            backend=parts.backend,
            admin_token=_admin_token(home),
            vpcd_ports=parts.vpcd_ports,
            switch=lambda what, to: say(switch=what, to=to),
            switchable=frozenset(switchable),
        )
        followers = (TerminalFollower(home, shop.tell_terminal), JournalFollower(home, shop.board))
        with shop:
            for follower in followers:
                follower.start()
            try:
                serve(shop, port=port, screen_url=os.environ.get(SCREEN_URL))
            finally:
                for follower in followers:
                    follower.stop()
    except PengposError as error:
        raise click.ClickException(str(error)) from error


def _admin_token(home: Home) -> str:
    try:
        return (home.sandbox / "admin-token").read_text().strip()
    except OSError as error:
        raise click.ClickException(f"no sandbox has run over {home.root} yet ({error.strerror})") from error


class _Follower(threading.Thread):
    """Looks on until it is stopped, or the program ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End with the next thing that happens; waits for nothing."""
        self._stopping.set()


class TerminalFollower(_Follower):
    """Passes the terminal's snapshots on as they come; None while it does not answer."""

    def __init__(self, home: Home, tell: "Callable[[dict[str, Any] | None], None]") -> None:
        super().__init__("terminal")
        self._client = LocalClient(home.socket)
        self._tell = tell

    def run(self) -> None:
        """Follow the events, and come back when the daemon does."""
        while not self._stopping.is_set():
            try:
                for event in self._client.events():
                    self._tell(msgspec.to_builtins(event.status))
                    if self._stopping.is_set():
                        break
            except (ApiProblem, DaemonAway):
                self._tell(None)
            self._client.close()
            self._stopping.wait(_BACK_OFF_S)


class JournalFollower(_Follower):
    """Puts the newest rows of the journal up whenever there are more."""

    def __init__(self, home: Home, board: "Board") -> None:
        super().__init__("journal")
        self._home = home
        self._board = board
        self._rows: deque[dict[str, Any]] = deque(maxlen=ROWS_MOST)

    def run(self) -> None:
        """Read on; a journal that is not there yet, or is being replaced, is looked for again."""
        from offline_queue.journal.files import load_key
        from offline_queue.journal.reader import JournalReader

        while not self._stopping.is_set():
            try:
                with JournalReader(self._home.journal, load_key(self._home.journal_key, self._home.journal)) as reader:
                    seq = max(0, reader.head().seq - ROWS_MOST)
                    while not self._stopping.is_set():
                        rows = reader.rows_since(seq, ROWS_MOST)
                        if rows:
                            seq = rows[-1].row.seq
                            self._rows.extend(row_for_page(row) for row in rows)
                            self._board.put("journal", list(self._rows))
                        else:
                            self._stopping.wait(LOOK_S)
            except (JournalError, MalformedError, OSError) as error:
                sys.stderr.write(f"pengpos simulator: the journal: {error}\n")
            self._rows.clear()
            self._stopping.wait(_BACK_OFF_S)


def row_for_page(found: "ChainedRow") -> dict[str, Any]:
    """A journal row for the page: its kind, its sale, and the first bytes of its hash."""
    from offline_queue.records.codec import decode_sale, decode_why

    row = found.row
    said: dict[str, Any] = {"seq": row.seq, "kind": row.kind, "at": row.at_utc, "hash": found.hash.hex()[:8]}
    if row.kind == "sale":
        sale = decode_sale(row.body)
        said |= {
            "why": decode_why(row.body), "state": sale.state.value, "number": sale.number,
            "total": sale.total.minor, "currency": sale.total.currency,
            "currency_digits": digits(sale.total.currency), "parked": sale.parked,
            "prompt": sale.prompt, "notice": sale.notice, "retry": sale.retry_at is not None,
            "told": sale.intent.put_sent, "code": sale.intent.url is not None,
            "due": sale.due.state.value if sale.due is not None else None,
        }  # fmt: skip
    return said
