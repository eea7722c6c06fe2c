# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue`: what the journal holds, read from the file itself, whether or not the daemon runs.

`export` seals what is unsent to the backend; `free` alone writes into a journal: that the backend has acknowledged an
export; `set-aside` renames one. These two want it to themselves. Exit code 0: well; 1: the journal is not well, or the
thing asked for is not there or refused; 2: the command was misspelt.
"""

import json
import tomllib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID

import click

from offline_queue import words
from offline_queue.export.acknowledgement import check, read_file, uncovered
from offline_queue.export.export import seal_unsent, write_export
from offline_queue.export.unsent import Unsent, read_unsent
from offline_queue.journal.failures import system_failure
from offline_queue.journal.files import files_of, load_key, set_aside
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.printing import age, brief, print_sale, whole
from offline_queue.records.codec import UnreadableSaleError
from offline_queue.values import SaleQuery
from pengpos.console import (
    ConsoleRefusal,
    SpokenGroup,
    agrees,
    language,
    language_option,
    of_error,
    option,
    print_table,
    refusal_of,
    say,
)
from pengpos.core.errors import (
    ConfigError,
    JournalCorruptError,
    JournalDamagedError,
    JournalFaultError,
    JournalForeignError,
    JournalFullError,
    JournalNewerError,
    JournalUnavailableError,
    MalformedError,
    PengposError,
    SignatureError,
)
from pengpos.core.money import written
from pengpos.core.sale import Sale
from pengpos.core.times import rfc3339
from pengpos.home import Home
from pengpos.i18n import Message
from pengpos.keys.file import FileKey
from pengpos.keys.two_copies import read_either
from pengpos.system_clock import SystemClock
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential

_RECORD_LIMIT_S = 60.0
_COLUMNS = (words.NUMBER, words.STATE, words.AMOUNT, words.AGE, words.TRIES, words.NEXT_TRY, words.SALE_ID)


class _Queue(SpokenGroup):
    """Says what is wrong in one sentence instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises ClickException for whatever this program raises on purpose."""
        try:
            return super().invoke(ctx)
        except PengposError as error:
            raise refusal_of(error) from error


@click.group(cls=_Queue, help=words.HELP)
@option("--home", type=click.Path(file_okay=False, path_type=Path), help=words.HELP_HOME)
@language_option(words.HELP_LANGUAGE)
@click.pass_context
def queue(context: click.Context, home: Path | None) -> None:
    """The journal and what waits in it."""
    context.obj = Home.of_environment() if home is None else Home(home)


@queue.command("list", help=words.HELP_LIST)
@option("--json", "as_json", is_flag=True, help=words.HELP_JSON_LINES)
@click.pass_obj
def list_unsent(home: Home, *, as_json: bool) -> None:
    """Sales on which money may hang, oldest first."""
    unsent = read_unsent(*_journal(home), proofs=False)
    _say_damage(home, unsent)
    sales = [*unsent.sales, *unsent.unproved]
    if as_json:
        for sale in sales:
            click.echo(json.dumps(brief(sale)))
        return
    if not sales:
        say(words.NOTHING_WAITS)
        return
    now, spoken = int(time()), language()
    print_table(
        tuple(column.in_language(spoken) for column in _COLUMNS),
        [
            (
                sale.number,
                words.STATES[sale.state].in_language(spoken),
                str(sale.total),
                age(now - sale.created_at),
                str(sale.attempts),
                "-" if sale.retry_at is None else rfc3339(sale.retry_at),
                str(sale.sale_id),
            )
            for sale in sales
        ],
    )
    sums: dict[str, int] = {}
    for sale in sales:
        sums[sale.amount.currency] = sums.get(sale.amount.currency, 0) + sale.total.minor
    total = ", ".join(written(minor, currency) for currency, minor in sorted(sums.items()))
    say(words.SUM, count=len(sales), total=total)


@queue.command(help=words.HELP_SHOW)
@click.argument("sale")
@option("--json", "as_json", is_flag=True, help=words.HELP_JSON)
@click.pass_obj
def show(home: Home, sale: str, *, as_json: bool) -> None:
    """One sale with its history. SALE: its id, its number, or the id of one of its intents."""
    with closing(_open(home)) as reader:
        found = _find(reader, sale)
    if not found:
        raise ConsoleRefusal(words.NO_SALE, sale=sale)
    if as_json:
        click.echo(json.dumps([whole(one) for one in found], indent=2))
        return
    for one in found:
        print_sale(one)


@queue.command(help=words.HELP_VERIFY)
@option("--json", "as_json", is_flag=True, help=words.HELP_JSON)
@click.pass_obj
def verify(home: Home, *, as_json: bool) -> None:
    """Walk the whole hash chain, and what is derived from it; name the first bad row."""
    with closing(_open(home)) as reader:
        found = reader.verify()
    head = found.head
    if as_json:
        answer = {"rows": found.rows, "sales": found.sales, "epoch": head.epoch, "hash": head.hash.hex()}
        click.echo(json.dumps(answer))
    else:
        say(words.SOUND, rows=found.rows, sales=found.sales)
        say(words.HEAD, row=head.seq, epoch=head.epoch, hash=head.hash.hex())


@queue.command(help=words.HELP_EXPORT)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(home: Home, file: Path) -> None:
    """Seal all that is unsent to the backend into FILE, to be handed in. Changes nothing; may be done again."""
    unsent = read_unsent(*_journal(home))
    terminal_id, issuers = _enrolment(home.enrolment, words.NO_SEAL, unsent.enrolment)
    recipient = next(iter(issuers))
    _say_damage(home, unsent)
    sealed = seal_unsent(unsent, recipient, _signer(home), terminal_id=terminal_id, made_at=int(time()))
    try:
        write_export(file, sealed)
    except OSError as error:
        raise ConsoleRefusal(f"{file}: {error.strerror}") from error
    say(words.SEALED, count=len(unsent.sales), file=file)


def _say_damage(home: Home, unsent: Unsent) -> None:
    """What could not be read, and where it may be found; on standard error, for the list is for programs too."""
    if unsent.damage is None:
        return
    click.echo(of_error(unsent.damage, language()), err=True)
    say(words.READ_PAST, err=True, rows=unsent.missing_rows)
    if unsent.unproved:
        numbers = ", ".join(sale.number for sale in unsent.unproved)
        say(words.UNPROVED, err=True, count=len(unsent.unproved), numbers=numbers)
    if unsent.missing_rows:
        say(words.SECOND_COPY, err=True, copy=_second_copy(home) or words.NO_COPY)


def _second_copy(home: Home) -> str | None:
    """The directory of the second copy, as the technician has named it."""
    try:
        named = tomllib.loads(home.settings.read_text("utf-8-sig"))["mirror"]["directory"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(named)


def _signer(home: Home) -> FileKey | None:
    """The device's key; None, and a word about it, where it is lost: the takings must not be lost with it."""
    try:
        return FileKey.load(home.device_key)
    except ConfigError as error:
        click.echo(of_error(error, language()), err=True)
        say(words.NOT_SIGNED, err=True)
        return None


@queue.command(help=words.HELP_FREE)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def free(home: Home, file: Path) -> None:
    """Record that the backend has imported an export, so that the device is free. FILE: its acknowledgement.

    The daemon must be stopped. Afterwards the sales in it no longer stand in the way of set-aside or enrolment.
    """
    terminal_id, issuers = _enrolment(home.enrolment, words.NO_FREE)
    try:
        acknowledgement = read_file(file, issuers)
    except OSError as error:
        raise ConsoleRefusal(f"{file}: {error.strerror}") from error
    path, key = _journal(home)
    with closing(Journal.open(path, key=key, clock=SystemClock())) as journal:
        covered = check(acknowledgement, journal, terminal_id=terminal_id, now=datetime.now(UTC))
        change = acknowledgement.change
        if journal.value(change.kind, change.key) != change.body:
            journal.record([change]).result(_RECORD_LIMIT_S)
    say(words.FREED, count=len(covered), terminal=terminal_id)


@queue.command("set-aside", help=words.HELP_SET_ASIDE)
@option("--yes", is_flag=True, help=words.HELP_YES)
@click.pass_obj
def set_aside_command(home: Home, *, yes: bool) -> None:
    """Rename a damaged or foreign journal, so that the terminal can start a new one. Never deletes anything.

    One that is well is kept while sales in it wait that the backend has not acknowledged, or while that cannot be read.
    """
    if not yes and not agrees(words.ASK_ASIDE.in_language(language()), if_none=False):
        raise click.Abort
    path = home.journal
    if not any(file.exists() for file in files_of(path)):
        raise ConsoleRefusal(words.NO_JOURNAL, path=path)
    target = set_aside(path, SystemClock(), check=lambda: _refuse_if_needed(home))
    say(words.IS_ASIDE, target=target, key=home.journal_key)


def _refuse_if_needed(home: Home) -> None:
    """Raises ClickException for a journal from which something can still be sent, and if that cannot be read now.

    Only damage that is found twice counts: SQLCipher calls a read that failed once damage too.
    """
    try:
        waiting = _waiting(home)
        if waiting is None:
            waiting = _waiting(home)
    except PengposError as error:
        why, cure = of_error(error, language()).rstrip("。"), _cure(error)
        if cure is None:
            raise ConsoleRefusal(words.KEPT, why=why) from error
        raise ConsoleRefusal(words.KEPT_CURE, why=why, cure=cure) from error
    if waiting:
        raise ConsoleRefusal(words.WAITING, count=waiting)


def _waiting(home: Home) -> int | None:
    """How many sales wait for the backend; None if the file is damaged or foreign, or its key is missing or damaged.

    Raises PengposError for every other reason for which that cannot be read.
    """
    path = home.journal
    if not path.exists():
        return None  # only its write-ahead log is left
    try:
        key = load_key(home.journal_key, home.journal)
    except (FileNotFoundError, ConfigError):
        return None
    except OSError as error:
        raise system_failure(home.journal_key, error) from error
    try:
        with closing(JournalReader(path, key)) as reader:
            return _waiting_in(reader)
    except JournalNewerError:
        raise
    except (JournalDamagedError, JournalForeignError):
        return None
    except JournalCorruptError as error:
        if isinstance(error.__cause__, UnreadableSaleError):
            raise  # the row follows from the one before it: another version wrote it
        return None
    except OSError as error:
        raise system_failure(path, error) from error


def _waiting_in(reader: JournalReader) -> int:
    """Raises PengposError; JournalCorruptError if sales wait, or cannot be read, and a row is wrong."""
    try:
        waiting = len(uncovered(reader))
    except (UnreadableSaleError, MalformedError):
        reader.verify()
        raise
    if waiting:
        reader.verify()
    return waiting


def _cure(error: PengposError) -> Message | None:
    """What to do about an error that does not say it itself, as a further sentence."""
    match error:
        case JournalUnavailableError():
            return words.TRY_AGAIN
        case JournalFullError():
            return words.MAKE_ROOM
        case JournalFaultError():
            return words.FAULT
        case JournalCorruptError() | UnreadableSaleError() | MalformedError():
            return words.VERSION
        case _:
            return None


def _journal(home: Home) -> tuple[Path, bytes]:
    """The journal's file, which is there, and its key."""
    path = home.journal
    if not path.exists():
        raise ConsoleRefusal(words.MADE_AT_START, path=path)
    try:
        return path, load_key(home.journal_key, home.journal)
    except FileNotFoundError as error:
        raise ConsoleRefusal(words.KEY_MISSING, key=home.journal_key) from error


def _open(home: Home) -> JournalReader:
    return JournalReader(*_journal(home))


def _enrolment(path: Path, unenrolled: Message, kept: bytes | None = None) -> tuple[str, Issuers]:
    """The terminal's id and its backend's keys, as enrolment brought them; `unenrolled` says that there are none.

    `kept`: what the journal has of it, for where file and second copy are lost.
    """

    def parse(content: bytes) -> tuple[str, Issuers]:
        try:
            stored = json.loads(content)
            issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in stored["issuers"])
            return Credential.read(unb64u(stored["credential"]), issuers).subject, issuers
        except (KeyError, TypeError, ValueError, MalformedError, SignatureError) as error:
            raise ConfigError(str(path), words.ENROLMENT_DAMAGED.said(why=error), words.FROM_BACKUP.said()) from error

    try:
        return read_either(path, parse)
    except (OSError, ConfigError) as error:
        if kept is not None:
            return parse(kept)
        if isinstance(error, FileNotFoundError):
            raise ConsoleRefusal(unenrolled) from error
        raise


def _find(reader: JournalReader, wanted: str) -> list[Sale]:
    try:
        some_id = UUID(wanted)
    except ValueError:
        return list(reader.search(SaleQuery(number=wanted)).sales)
    sale = reader.sale(some_id) or reader.sale_by_intent(some_id)
    return [sale] if sale else []
