# SPDX-License-Identifier: Apache-2.0
"""`pengpos phone`: a shopper's phone from the command line, held to a virtual reader; it says what its owner sees."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from pengpos.console import ConsoleRefusal, SpokenGroup, agrees, language, option, refusal_of, say
from pengpos.core.errors import ConfigError, PengposError
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.home import Home
from pengpos.wire.objects.receipt import Outcome
from sandbox.phone import words
from sandbox.phone.account import Account, BackendRefusedError, BackendUnreachableError
from sandbox.phone.field.manners import Garbage, Honest, Manner, Slow, TornInReply
from sandbox.phone.parts import Parts, phone_directory, read_parts
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import Asked, Authorised, Event, PaidAnotherWay, ReceiptKept
from sandbox.phone.wallet.owner import Owner, UnaskedBounds

CURRENCY = "CNY"  # of the sandbox's play money
_TAPS = 4  # unlock, confirm, and one more: then something is wrong
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of `pengpos phone` itself; what is not given comes from the terminal that runs."""

    home: Home
    name: str
    backend: str | None
    port: int | None

    @property
    def backend_url(self) -> str:
        """Raises ConfigError if no option and no running terminal says it."""
        return self.backend or self._parts.backend

    @property
    def vpcd_port(self) -> int:
        """Raises ConfigError if no option and no running terminal says it, or that one has real readers only."""
        if self.port is not None:
            return self.port
        if not self._parts.vpcd_ports:
            raise ConfigError(words.READER.said(), words.READER_NONE.said(), words.READER_CURE.said())
        return self._parts.vpcd_ports[0]

    @property
    def _parts(self) -> Parts:
        return read_parts(self.home)


def _in_plain_words(command: Callable[P, R]) -> Callable[P, R]:
    """Errors as one sentence and exit status 1, not as tracebacks."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PengposError as err:
            raise refusal_of(err) from err
        except (OSError, sqlite3.Error) as err:
            raise ConsoleRefusal(str(err)) from err

    return wrapped


@click.group(cls=SpokenGroup, help=words.HELP)
@option("--backend", metavar="URL", help=words.HELP_BACKEND)
@option("--port", type=click.IntRange(1, 65535), help=words.HELP_PORT)
@option("--name", default="shopper", show_default=True, help=words.HELP_NAME)
@click.pass_context
def phone(ctx: click.Context, backend: str | None, port: int | None, name: str) -> None:
    """A shopper's phone: tap it on the virtual reader, look into its purse."""
    ctx.obj = Settings(home=Home.of_environment(), name=name, backend=backend, port=port)


@phone.command(help=words.HELP_TAP)
@option("--hold", "hold_s", type=click.FloatRange(0, 3600), help=words.HELP_HOLD)
@option("--lock", is_flag=True, help=words.HELP_LOCK)
@option("--tap-limit", metavar="AMOUNT", help=words.HELP_LIMIT)
@option("--ask", is_flag=True, help=words.HELP_ASK)
@option("--no", "says_no", is_flag=True, help=words.HELP_NO)
@option("--yes", is_flag=True, help=words.HELP_YES)
@option("--tip", metavar="AMOUNT", help=words.HELP_TIP)
@option("--tear", metavar="K", type=click.IntRange(0), help=words.HELP_TEAR)
@option("--leave", is_flag=True, help=words.HELP_LEAVE)
@option("--slow", "slow_s", metavar="S", type=click.FloatRange(0, 60), help=words.HELP_SLOW)
@option("--garbage", is_flag=True, help=words.HELP_GARBAGE)
@option("--offline", is_flag=True, help=words.HELP_OFFLINE)
@click.pass_obj
@_in_plain_words
def tap(
    settings: Settings,
    *,
    hold_s: float | None,
    lock: bool,
    tap_limit: str | None,
    ask: bool,
    says_no: bool,
    yes: bool,
    tip: str | None,
    tear: int | None,
    leave: bool,
    slow_s: float | None,
    garbage: bool,
    offline: bool,
) -> None:
    """Tap the phone on the reader once, and again where it asked its owner something.

    Without --lock, --ask and --tap-limit its owner has said that it pays whatever is asked. Exits with 0 if it paid.
    """
    port = settings.vpcd_port
    whatever = not (lock or ask) and tap_limit is None
    limit = Money(AMOUNT_LIMIT_MINOR, CURRENCY) if whatever else _amount(tap_limit, "--tap-limit")
    owner = Owner(
        tap_limits=() if limit is None else (limit,),
        unasked=None if whatever else UnaskedBounds(),
        locked=lock,
        asks_first=ask,
        says_no=says_no,
        tip=_amount(tip, "--tip"),
        network=not offline,
    )
    seconds = hold_s if hold_s is not None else 3600.0 if leave else 10.0
    with _opened(settings, owner, _manner(tear, slow_s, garbage=garbage)) as shopper:
        shopper.listener = lambda event: click.echo(words.of_event(event))
        if not lock:
            shopper.wallet.unlock()
        last = _tap_until_done(shopper, port, seconds, leave=leave, yes=yes)
        if isinstance(last, Authorised):
            click.echo(words.of_payment(last.payment))
        if not _is_paid(last):
            raise click.exceptions.Exit(1)


def _tap_until_done(shopper: VirtualPhone, port: int, seconds: float, *, leave: bool, yes: bool) -> Event | None:
    """Tap, ask the owner what the phone asks, tap again; what the screen showed last."""
    last: Event | None = None
    for _ in range(_TAPS):
        mark = shopper.mark()
        in_peace = True
        try:
            in_peace = shopper.hold(port, seconds, lift_when=None if leave else _is_the_end)
        except KeyboardInterrupt:
            say(words.LIFTED)
        except OSError as err:
            raise ConfigError(words.PORT.said(number=port), str(err), words.PORT_CURE.said()) from err
        new = shopper.events_since(mark)
        last = new[-1] if new else None
        if not in_peace:
            say(words.TOO_EARLY)
            return None
        if last is None:
            say(words.NOTHING_ASKED)
            return None
        if not isinstance(last, Asked) or not _agrees(last, yes=yes):
            return last
        shopper.owner = replace(shopper.owner, locked=False)
        shopper.wallet.confirm(last.offer.digest)
    return last


def _is_the_end(event: Event) -> bool:
    """True for every event but an authorisation, after which the receipt is to come."""
    return not isinstance(event, Authorised)


def _is_paid(event: Event | None) -> bool:
    """True if the phone takes it for paid; an authorisation whose receipt did not come may still be refused."""
    if isinstance(event, ReceiptKept):
        return event.payment.outcome is not Outcome.DECLINED
    return isinstance(event, Authorised | PaidAnotherWay)


def _agrees(asked: Asked, *, yes: bool) -> bool:
    question = words.ASK_PAY.in_language(language(), offer=words.of_offer(asked.offer))
    try:
        return yes or agrees(question, if_none=True)
    except click.Abort:  # standard input has ended: no answer is a no
        return False


@phone.command(help=words.HELP_SCAN)
@click.argument("url")
@click.pass_obj
@_in_plain_words
def scan(settings: Settings, url: str) -> None:
    """Pay what the URL of the terminal's tag or QR code asks for."""
    with _opened(settings, Owner(), Honest()) as shopper, _account(settings, shopper) as account:
        paid = shopper.scan(account, url)
        click.echo(words.of_account_payment(paid))
        if paid.status != "approved":
            raise click.exceptions.Exit(1)


@phone.command(help=words.HELP_BALANCE)
@click.pass_obj
@_in_plain_words
def balance(settings: Settings) -> None:
    """What the account holds, and what may still be promised to shops that are offline."""
    with _opened(settings, Owner(), Honest()) as shopper, _account(settings, shopper) as account:
        for held in account.balances():
            click.echo(str(Money(held.amount, held.currency)))
            if held.set_aside:
                free, kept = Money(held.available, held.currency), Money(held.set_aside, held.currency)
                say(words.AVAILABLE, free=free, kept=kept)
        for currency, minor in shopper.store.promisable(shopper.wallet.now()).items():
            say(words.PROMISABLE, amount=Money(minor, currency))


@phone.command(help=words.HELP_PAYMENTS)
@click.pass_obj
@_in_plain_words
def payments(settings: Settings) -> None:
    """The account's payments, and what the phone authorised that is not booked yet; the newest first."""
    with _opened(settings, Owner(), Honest()) as shopper, _account(settings, shopper) as account:
        booked = account.payments()
        ids = {payment.intent_id.bytes for payment in booked}
        lines = [words.of_payment(tap) for tap in shopper.store.history() if tap.intent_id not in ids]
        lines += [words.of_account_payment(payment) for payment in booked]
        click.echo("\n".join(lines or [words.NO_PAYMENTS.in_language(language())]))


class _DueName(click.ParamType[str]):
    """An intent id; with its terminal behind it (`ID.TERMINAL`) as the backend names it, read by the backend alone."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value if "." in value else str(click.UUID.convert(value, param, ctx))


@phone.command(help=words.HELP_DUES)
@option("--pay", "paid", metavar="ID", type=_DueName(), help=words.HELP_PAY)
@option("--refuse", "refused", metavar="ID", type=_DueName(), help=words.HELP_REFUSE)
@click.pass_obj
@_in_plain_words
def dues(settings: Settings, paid: str | None, refused: str | None) -> None:
    """What you are asked to pay after all: paid while a shop was offline, and declined when it came online again."""
    if paid is not None and refused is not None:
        raise click.UsageError(words.ONE_OF_DUES.in_language(language()))
    with _opened(settings, Owner(), Honest()) as shopper, _account(settings, shopper) as account:
        if paid is not None:
            lines = [words.of_due(account.pay_due(paid))]
        elif refused is not None:
            lines = [words.of_due(account.refuse_due(refused))]
        else:
            lines = [words.of_due(due) for due in account.dues()]
        click.echo("\n".join(lines or [words.NO_DUES.in_language(language())]))


@contextmanager
def _opened(settings: Settings, owner: Owner, manner: Manner) -> Iterator[VirtualPhone]:
    """Open the phone, sign it up if need be, and sync it where there is a network.

    Raises BackendUnreachableError if it would need an account first and there is no network.
    """
    with VirtualPhone(phone_directory(settings.home, settings.name), owner=owner, manner=manner) as shopper:
        if owner.network:
            try:
                with _account(settings, shopper) as account:
                    if shopper.account_id is None:
                        shopper.sign_up(account, backend=settings.backend_url, name=settings.name)
                    if shopper.sync(account):
                        say(words.FALSE_ISSUERS, err=True)
                    if shopper.blocked_keys:
                        say(words.STRANGERS_KEYS, err=True)
            except BackendUnreachableError as err:
                if shopper.account_id is None:
                    raise
                say(words.GOING_ON, err=True, why=err)
        elif shopper.account_id is None:
            raise BackendUnreachableError(settings.name, "a phone signs up and fetches credentials online first")
        yield shopper


@contextmanager
def _account(settings: Settings, shopper: VirtualPhone) -> Iterator[Account]:
    account = shopper.account(settings.backend_url)
    try:
        yield account
    except BackendRefusedError as err:
        if err.status != 401:
            raise
        way_out = words.ANOTHER_NAME.said(directory=phone_directory(settings.home, settings.name))
        raise ConfigError(settings.backend_url, words.UNKNOWN_ACCOUNT.said(name=settings.name), way_out) from err
    finally:
        account.close()


def _manner(tear: int | None, slow_s: float | None, *, garbage: bool) -> Manner:
    manners: list[Manner] = []
    if tear is not None:
        manners.append(TornInReply(tear))
    if slow_s is not None:
        manners.append(Slow(slow_s))
    if garbage:
        manners.append(Garbage())
    if len(manners) > 1:
        raise click.UsageError(words.ONE_MANNER.in_language(language()))
    return manners[0] if manners else Honest()


def _amount(text: str | None, option: str) -> Money | None:
    try:
        return None if text is None else Money.parse(text, CURRENCY)
    except ValueError as err:
        raise click.BadParameter(str(err), param_hint=option) from err
