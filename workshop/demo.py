# SPDX-License-Identifier: Apache-2.0
"""`pengpos demo`: a scripted day at a counter of processes; exit 0 only if every step held.

Real parts: sandbox backend, pcscd with virtual readers, the daemon with its journal, a phone with the reference wallet.
The judge is the sandbox's ledger, against what the terminal showed.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import click
import httpx

from pengpos.client import AlarmView, ApiProblem, Home, LocalClient, NewSale, SaleView
from pengpos.core.errors import PengposError
from pengpos.core.money import Money
from pengpos.whole_calls import LOST, WholeTransport, ends_within
from sandbox.phone.field.manners import Foreign, Honest, TornInReply
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import ReceiptKept
from sandbox.phone.wallet.owner import Owner
from workshop.held import held
from workshop.shop import Shop

LOOK_EVERY_S = 0.03
STEP_LIMIT_S = 25.0
ASKED_S = 20.0
PATIENCE_S = 20.0
"""Of a shopper who waits for a receipt: a busy machine takes seconds to see the card."""
REFUSED_S = 1.0  # a phone that may not pay is held so long: more than the reader takes to see it
CURRENCY = "CNY"


class StepFailedError(PengposError):
    """A step did not come out as it must."""


class Day:
    """One shop, one terminal, one shopper, and what the terminal showed."""

    def __init__(self, shop: Shop, client: LocalClient, phone: VirtualPhone) -> None:
        self.shop = shop
        self.client = client
        self.phone = phone
        self.shown: dict[str, int] = {}
        """Total shown as taken, by sale."""
        self.stored: list[str] = []
        """Sales accepted offline."""
        self.promised: list[str] = []
        """Accepted offline, and declined when they are sent."""
        self.given_up: list[str] = []
        """Sales that only the backend's answer ends."""

    @property
    def port(self) -> int:
        """Where the phone is held."""
        return self.shop.road.vpcd_ports[0]

    def charge(self, amount: str) -> SaleView:
        """The cashier confirms an amount."""
        minor = Money.parse(amount, CURRENCY).minor
        return self.client.start_sale(NewSale(idempotency_key=str(uuid4()), amount=minor, currency=CURRENCY))

    def until(self, sale: SaleView, holds: Callable[[SaleView], bool], what: str) -> SaleView:
        """Wait until something holds of a sale, and remember what was shown as taken."""
        deadline = time.monotonic() + STEP_LIMIT_S
        while True:
            sale = self.client.sale(sale.id)
            if sale.state == "approved":
                self.shown[sale.id] = sale.total
            if holds(sale):
                return sale
            if time.monotonic() > deadline:
                raise StepFailedError(f"sale {sale.number} is {sale.state} ({sale.prompt or sale.notice}), not {what}")
            time.sleep(LOOK_EVERY_S)

    def until_state(self, sale: SaleView, state: str) -> SaleView:
        """Wait for a state."""
        return self.until(sale, lambda seen: seen.state == state, state)

    def until_offline(self) -> None:
        """Wait until the screen says so: a sale of the moment before is one on line."""
        deadline = time.monotonic() + STEP_LIMIT_S
        while self.client.status().link.online:
            if time.monotonic() > deadline:
                raise StepFailedError("the terminal still takes itself for on line")
            time.sleep(LOOK_EVERY_S)

    def held(self) -> AbstractContextManager[None]:
        """The phone lies at the reader inside, for a shopper's patience at most."""
        return held(self.phone, self.port, self.shop.road.readers[0], PATIENCE_S)

    def tap(self) -> None:
        """Hold the phone to the reader until it has its receipt, or the patience of a shopper is over."""
        mark = self.phone.mark()
        with self.held():
            self.phone.wait_for_event(ReceiptKept, PATIENCE_S, since=mark)


def check(holds: bool, what: str) -> None:  # noqa: FBT001 - it reads as an assertion
    """Fail the step unless `holds`."""
    if not holds:
        raise StepFailedError(what)


# --- the steps --------------------------------------------------------------------------------------------------------


def a_sale(day: Day) -> str:
    """18.80 by a tap."""
    sale = day.until_state(day.charge("18.80"), "presented")
    day.tap()
    sale = day.until_state(sale, "approved")
    check(sale.total == 1880, f"{sale.total} was shown as taken")
    return f"approved, sale {sale.number}"


def a_decline(day: Day) -> str:
    """18.05: the sandbox declines what ends in .05."""
    sale = day.until_state(day.charge("18.05"), "presented")
    with day.held():
        sale = day.until_state(sale, "declined")
    check(sale.reason is not None, "no reason was given")
    return f"declined: {sale.reason.shopper if sale.reason else ''}"


def a_torn_tap(day: Day) -> str:
    """The phone is torn away in the middle of its reply; the second tap heals it."""
    sale = day.until_state(day.charge("12.00"), "presented")
    day.phone.manner = TornInReply(120)
    with day.held():
        day.until(sale, lambda seen: seen.notice == "too_quick" and seen.state == "presented", "presented again")
    day.phone.manner = Honest()
    day.tap()
    day.until_state(sale, "approved")
    return "too quick, tapped again, approved once"


def a_phone_left_lying(day: Day) -> str:
    """A phone that stays on the reader pays its own bill and not the next shopper's."""
    sale = day.until_state(day.charge("6.00"), "presented")
    with day.held():
        day.until_state(sale, "approved")
        following = day.charge("99.00")
        seen = day.until(following, lambda seen: seen.prompt == "remove_phone", "asking to take the phone away")
    seen = day.until(following, lambda seen: seen.state == "presented" and seen.prompt is None, "armed for others")
    check(len(seen.history) == 2, f"the phone left lying moved the sale: {[step.state for step in seen.history]}")
    day.client.cancel(following.id, "customer")
    day.until_state(following, "cancelled")
    return "asked to take it away, charged nothing more"


def a_foreign_card(day: Day) -> str:
    """A card that is no wallet is said to be none, and the sale stays armed."""
    sale = day.until_state(day.charge("8.80"), "presented")
    day.phone.manner = Foreign()
    with day.held():
        day.until(
            sale, lambda seen: seen.notice == "not_a_wallet" and seen.state == "presented", "saying it is no wallet"
        )
    day.phone.manner = Honest()
    day.tap()
    day.until_state(sale, "approved")
    return "not a wallet; the next phone paid"


def a_lost_answer(day: Day) -> str:
    """15.28: the sandbox books it and loses the answer; the terminal finds out, and charges once."""
    sale = day.until_state(day.charge("15.28"), "presented")
    with day.held():
        sale = day.until_state(sale, "approved")
    doubted = any(step.state == "unknown" for step in sale.history)
    return "unknown, asked, approved" if doubted else "approved by the backend's event, before the loss was noticed"


def the_code_on_the_screen(day: Day) -> str:
    """9.90 by the code on the screen: a phone without NFC scans it and pays by the page."""
    sale = day.until(day.charge("9.90"), lambda seen: seen.url is not None, "with its code on the screen")
    day.phone.scan(day.phone.account(day.shop.backend), sale.url or "")
    sale = day.until_state(sale, "approved")
    return f"scanned, paid, approved, sale {sale.number}"


def the_link_is_cut(day: Day) -> str:
    """The backend is gone; a sale is accepted offline, in its own colour, by the signed policy."""
    day.shop.cut_link()
    day.until_offline()
    sale = day.until_state(day.charge("30.00"), "presented")
    check(sale.mode == "offline", f"the sale is {sale.mode}")
    day.tap()
    day.until_state(sale, "accepted_offline")
    day.stored.append(sale.id)
    left = day.client.status().queue.caps
    check(left is not None, "what is left of the caps is not shown")
    return f"stored, not yet approved; {Money(left.amount_left, CURRENCY) if left else 0} may still be stored"


def refused_by_policy(day: Day) -> str:
    """200.01 is more than a tap may be offline: by code only. 500.01 is too much for any way, and said at once."""
    sale = day.until_state(day.charge("200.01"), "presented")
    with day.held():
        time.sleep(REFUSED_S)
    sale = day.client.sale(sale.id)
    check(sale.state == "presented" and "reader" not in sale.ways, f"it is {sale.state}, by {', '.join(sale.ways)}")
    day.client.cancel(sale.id, "customer")
    sale = day.until_state(sale, "cancelling")  # its code was on the screen: a shopper may have paid, unseen
    check("confirmation-code" in sale.can, "no confirmation code is taken any more")
    day.given_up.append(sale.id)
    try:
        day.charge("500.01")
    except ApiProblem as problem:
        check(problem.problem.code == "too_much_offline", f"it is refused as {problem}")
        return problem.problem.detail or ""
    raise StepFailedError("500.01 is presented, though nothing may come of it")


def killed_and_back(day: Day) -> str:
    """The daemon is killed while it holds a stored payment, and comes back with it; another one is stored."""
    day.shop.kill_daemon()
    day.shop.open_daemon()
    sale = day.client.sale(day.stored[0])
    check(sale.state == "accepted_offline", f"the stored sale is {sale.state}")
    sale = day.until_state(day.charge("12.50"), "presented")
    day.tap()
    day.until_state(sale, "accepted_offline")
    day.stored.append(sale.id)
    queue = day.client.status().queue
    check((queue.count, queue.total) == (2, 4250), f"{queue.count} stored, {queue.total}")
    return "2 stored, 42.50 CNY"


def a_promise_that_will_not_hold(day: Day) -> str:
    """6.23: stored like the others; the sandbox declines what ends in .23 when it is sent."""
    sale = day.until_state(day.charge("6.23"), "presented")
    day.tap()
    day.until_state(sale, "accepted_offline")
    day.promised.append(sale.id)
    return "stored, not yet approved"


def the_link_is_back(day: Day) -> str:
    """The backend is back: the queue drains by itself, each payment once."""
    day.shop.restore_link()
    for sale_id in day.stored:
        day.until_state(day.client.sale(sale_id), "approved")
    for sale_id in day.promised:
        day.until_state(day.client.sale(sale_id), "declined_at_sync")
    for sale_id in day.given_up:
        day.until_state(day.client.sale(sale_id), "cancelled")
    queue = day.client.status().queue
    check(queue.count == 0, f"{queue.count} still wait")
    return "2 settled, 1 declined, what was given up is cancelled, nothing waits"


def asked_to_pay_after_all(day: Day) -> str:
    """The shopper is asked for what was declined, and pays it on the phone; the alarm gives way to good news."""
    sale = day.client.sale(day.promised[0])
    check(_due_state(sale) == "open", f"its due is {_due_state(sale)}")
    account = day.phone.account(day.shop.backend)
    account.pay_due(UUID(sale.intents[-1].intent_id))
    day.until(sale, lambda seen: _due_state(seen) == "paid", "paid since")
    day.until(sale, lambda seen: all(alarm.calm for alarm in _alarms(day, seen)), "said calmly")
    alarms = _alarms(day, sale)
    check(len(alarms) == 1, f"{len(alarms)} alarms about it")
    return alarms[0].text


def _alarms(day: Day, sale: SaleView) -> list[AlarmView]:
    return [alarm for alarm in day.client.status().alarms if alarm.sale_id == sale.id]


def _due_state(sale: SaleView) -> str | None:
    return sale.reason.due.state if sale.reason is not None and sale.reason.due is not None else None


def the_day(day: Day) -> str:
    """The day is closed: the terminal's own count and the backend's settlement are the same."""
    today = day.client.status().day
    check(today is not None, "the terminal has no day")
    with _operator(day) as admin:
        admin.post(f"/admin/v1/settlements/{today.date if today else ''}").raise_for_status()
    report = day.client.close_day()
    check(report.final and not report.differences, f"differences: {report.differences}")
    check((report.here_count, report.here_total) == (report.there_count, report.there_total), f"{report}")
    bounced, paid_since = report.declined_at_sync_count, report.due_paid_count
    check((bounced, paid_since) == (1, 1), f"{bounced} declined at sync, {paid_since} of them paid since")
    for sale_id in day.shown:
        state = day.client.sale(sale_id).state
        check(state == "settled", f"a sale of the settled day is {state}")
    return f"{report.here_count} payments, {Money(report.here_total, CURRENCY)}, all settled"


def the_ledger(day: Day) -> str:
    """What the backend booked is what the terminal showed, to the cent."""
    with _operator(day) as admin:
        ledger = admin.get("/admin/v1/ledger/check").raise_for_status().json()
        booked = _all_payments(admin)
    check(ledger["balanced"], "the ledger does not balance")
    shown = {
        intent.intent_id: total
        for sale_id, total in day.shown.items()
        for intent in day.client.sale(sale_id).intents
        if intent.state == "approved"
    }
    check(booked == shown, f"booked {sorted(booked.values())}, shown {sorted(shown.values())}")
    total = Money(sum(shown.values()), CURRENCY)
    return f"{len(shown)} payments, {total}; ledger balanced over {ledger['postings']} postings"


@contextmanager
def _operator(day: Day) -> Iterator[httpx.Client]:
    """Asks the backend as its operator; all that is asked inside ends within `ASKED_S`."""
    headers = {"Authorization": f"Bearer {day.shop.admin_token}"}
    asking = httpx.Client(
        base_url=day.shop.backend, headers=headers, timeout=ASKED_S, trust_env=False, transport=WholeTransport()
    )
    try:
        with ends_within(ASKED_S), asking as admin:
            yield admin
    except (httpx.HTTPError, *LOST) as error:
        raise StepFailedError(f"the backend's operator gets no answer: {error}") from error


def _all_payments(admin: httpx.Client) -> dict[str, int]:
    taken: dict[str, int] = {}
    after: str | None = None
    while True:
        page = admin.get("/admin/v1/payments", params={"after": after} if after else {}).raise_for_status().json()
        for payment in page["payments"]:
            if payment["state"] == "approved":
                taken[payment["intent_id"]] = payment["total"]
        after = page.get("next")
        if not after:
            return taken


STEPS = (a_sale, a_decline, a_torn_tap, a_phone_left_lying, a_foreign_card, a_lost_answer, the_code_on_the_screen,
         the_link_is_cut, refused_by_policy, killed_and_back, a_promise_that_will_not_hold, the_link_is_back,
         asked_to_pay_after_all, the_ledger, the_day)  # fmt: skip


@click.command()
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Keep the day's state here.")
def demo(home: Path | None) -> None:
    """A scripted day at the counter; exit 0 only if every step held."""
    with tempfile.TemporaryDirectory(prefix="pengpos-demo-") as scratch:
        root = home or Path(scratch)
        try:
            with _open_day(root) as day:
                for number, step in enumerate(STEPS, 1):
                    _play(number, step, day)
        except PengposError as error:
            click.echo(f"✗ {error}")
            click.echo(f"  logs: {root / 'log'}" if home else _logs(root))
            raise SystemExit(1) from error
    click.echo("Every step held.")


def _play(number: int, step: Callable[[Day], str], day: Day) -> None:
    summary = (step.__doc__ or "").splitlines()[0]
    click.echo(f"{number}. {summary}")
    started = time.monotonic()
    click.echo(f"   ✓ {step(day)}  ({time.monotonic() - started:.1f} s)")


@contextmanager
def _open_day(root: Path) -> Iterator[Day]:
    shop = Shop(Home(root))
    try:
        shop.open_sandbox()
        shop.open_readers(private=True)
        os.environ.update(shop.road.environment)  # this process looks at its readers too
        shop.write_parts()
        shop.enrol()
        shop.open_daemon()
        click.echo(f"A shop on this machine: backend {shop.backend}, readers {', '.join(shop.road.readers)}")
        owner = Owner(tap_limits=(Money(500_00, CURRENCY),), unasked=None)  # a shopper who taps all day
        with VirtualPhone(root / "phone" / "shopper", owner=owner) as phone:
            account = phone.account(shop.backend)
            if phone.account_id is None:
                phone.sign_up(account, backend=shop.backend, name="小林")
            phone.sync(account)
            with LocalClient(shop.home.socket) as client:
                yield Day(shop, client, phone)
    finally:
        shop.close()


def _logs(root: Path) -> str:
    """The last lines of every log: the folder is gone after this."""
    parts = []
    for log in sorted((root / "log").glob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-15:]
        parts.append("\n".join([f"--- {log.name}", *tail]))
    return "\n".join(parts)
