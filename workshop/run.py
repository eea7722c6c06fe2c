# SPDX-License-Identifier: Apache-2.0
"""`pengpos run`: a whole shop on this machine, and how to try it. Ctrl-C ends all of it."""

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from types import FrameType
from uuid import uuid4

import click

from pengpos.client import Home
from pengpos.core.errors import PengposError
from workshop.doorplate import Doorplate, ShopIsOpenError
from workshop.processes import Program, ProgramFailedError
from workshop.prompt import LINE_MOST, Lines, NotUnderstood, Word, understand
from workshop.shop import ReaderRoad, Shop, has_display

WATCH_S = 0.2


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ended(KeyboardInterrupt):
    """Ctrl-C, a closed terminal or SIGTERM: end everything in order. No error: a handler of errors would go on."""


@click.command()
@click.option("--private-readers", is_flag=True, help="Virtual readers of our own even where real ones are there.")
@click.option("--no-screen", is_flag=True, help="Start no screen, neither in a window nor in a browser.")
def run(*, private_readers: bool, no_screen: bool) -> None:
    """A whole shop: sandbox backend, readers, enrolment, daemon, screen. Virtual parts where hardware is absent.

    The screen is in a window where there is a display, and in any case in a browser, beside a virtual phone.
    Said again while the shop of this PENGPOS_HOME is open, it says where, and exits with 0.
    """
    home = Home.of_environment()
    try:
        with Doorplate(home) as plate:
            _run(Shop(home), plate, private_readers=private_readers, screen=not no_screen)
    except ShopIsOpenError as open_already:
        _say(str(open_already))
    except PengposError as error:
        raise click.ClickException(str(error)) from error


def _run(shop: Shop, plate: Doorplate, *, private_readers: bool, screen: bool) -> None:
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        plate.say(_open(shop, private_readers=private_readers, screen=screen))
        _watch(shop)
    except _Ended:
        _say("Closing …")
    finally:
        for number in _ENDING:  # a second Ctrl-C would leave half of it running
            signal.signal(number, signal.SIG_IGN)
        shop.close()
        _say("All stopped.")


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the reader of our output has gone; there is still a shop to close
        click.echo(text)
        sys.stdout.flush()


def _open(shop: Shop, *, private_readers: bool, screen: bool) -> str:
    """Open it part by part, and say so; where it is. What need not wait for another part comes up beside it."""
    _say(f"pengpos: a whole shop on this machine (state in {shop.home.root})")
    shop.begin_sandbox_behind_a_line(shop.sandbox_ports())
    if screen:
        shop.begin_screen()
    shop.open_readers(private=private_readers)
    if was_enrolled := shop.is_enrolled():
        shop.begin_daemon()
    shop.await_sandbox()
    _say(f"  backend   {shop.backend} (sandbox: play money)")
    _say(f"  readers   {_readers_line(shop.road)}")
    _say("  terminal  " + ("enrolled just now" if shop.enrol() else "enrolled already"))
    shop.write_parts()
    if not was_enrolled:
        shop.begin_daemon()
    shop.await_daemon()
    _say(f"  daemon    ready, local API at {shop.home.socket}")
    where = shop.backend
    if screen:
        screen_url = shop.await_screen()
        _say("  screen    opened" if has_display() else "  screen    no display here: in the browser, see below")
        where = shop.open_counter(screen_url)
        _say(f"  simulator {where}\n            the screen and a phone, in a browser on this machine")
    else:
        _say("  screen    none, as you asked. Charge from this prompt")
    _say(_how_to(shop.road))
    return where


def _readers_line(road: ReaderRoad) -> str:
    if road.vpcd_ports:
        ports = ", ".join(str(port) for port in road.vpcd_ports)
        return f"no real reader found: virtual PC/SC readers, cards connect at port {ports}"
    return f"real: {', '.join(road.readers)}"


def _how_to(road: ReaderRoad) -> str:
    lines = ["", "How to try it, here at this prompt:", "  18.80 ⏎     the cashier charges 18.80"]
    if road.vpcd_ports:
        lines.append("  ⏎           the virtual phone taps (pengpos phone --help shows what else it can do)")
    else:
        lines.append("              then hold a phone with a wallet to the reader")
    lines += ["  c ⏎         the cashier cancels", "  ? ⏎         says this again"]
    lines += ["  q ⏎         close the shop; so do Ctrl-C and, at a terminal, Ctrl-D", ""]
    return "\n".join(lines)


def _watch(shop: Shop) -> None:
    """Read the prompt until something ends by itself, or a signal comes."""
    selector = selectors.DefaultSelector()
    with contextlib.suppress(ValueError, PermissionError):  # standard input may be closed, or a plain file
        selector.register(sys.stdin, selectors.EVENT_READ)
    typed = Lines(lambda: os.read(sys.stdin.fileno(), LINE_MOST), getattr(sys.stdin, "encoding", None) or "utf-8")
    while True:
        for name, program in shop.programs.items():
            if program.exit_code is not None:
                _ended(name, program)
            program.bound_log()
        if shop.reader_service is not None:
            shop.reader_service.bound_log()
        if (page := shop.programs.get("simulator")) is not None:
            _switch(shop, page.lines_so_far())
        if shop.revive_readers():
            _say("The virtual readers' service had ended; it runs again.")
        for _ in selector.select(WATCH_S) if selector.get_map() else _pause():
            lines = typed.more()
            if lines is None and sys.stdin.isatty():
                raise _Ended  # Ctrl-D
            if lines is None:
                selector.unregister(sys.stdin)
            for line in lines or ():
                _obey(shop, line)


def _switch(shop: Shop, wishes: list[str]) -> None:
    """What was switched on the simulator's page."""
    for wish in wishes:
        said = json.loads(wish)
        shop.switch(said["switch"], said["to"])


def _pause() -> list[object]:
    time.sleep(WATCH_S)
    return []


def _ended(name: str, program: Program) -> None:
    if name == "screen" and program.exit_code == 0:
        raise _Ended  # the window was closed
    raise ProgramFailedError(f"{name} ended by itself (exit code {program.exit_code}); see {program.log}")


def _obey(shop: Shop, line: str) -> None:
    from pengpos.client import LocalClient, NewSale

    asked = understand(line)
    try:
        with LocalClient(shop.home.socket) as client:
            match asked:
                case Word.QUIT:
                    raise _Ended
                case Word.HELP:
                    _say(_how_to(shop.road))
                case Word.TAP:
                    _say(shop.once(["phone", "tap"], limit_s=60).rstrip())
                case Word.CANCEL:
                    sale = client.status().sale
                    if sale is None:
                        _say("There is no sale to cancel.")
                    else:
                        client.cancel(sale.id)
                        _say(f"sale {sale.number}: {client.sale(sale.id).state}")
                case NotUnderstood(says):
                    _say(says)
                case amount:
                    new = NewSale(idempotency_key=str(uuid4()), amount=amount.minor, currency=amount.currency)
                    sale = client.start_sale(new)
                    _say(f"sale {sale.number}: {amount}, hold the phone to the reader (⏎)")
    except PengposError as error:
        _say(str(error))
