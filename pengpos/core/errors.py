# SPDX-License-Identifier: Apache-2.0
"""Everything that can break, as one tree. Expected outcomes (a decline, an empty field) are values, not these.

What is known to one room only is defined there; its module stands in brackets. `tests/pengpos/core/test_errors.py`
holds this drawing against the classes.

PengposError
├── MalformedError               bytes that are not what the tap protocol allows
│   └── WrongLengthError         an APDU whose bytes do not fit its own lengths [pengpos.wire.apdu]
├── SignatureError               a signature, or the issuer behind it, does not verify
├── RefusedError                 a check of the tap protocol failed; carries the reason to say and log
├── ReaderError                  what a contactless reader can do wrong
│   ├── CardLostError            the phone left while we talked to it
│   ├── CardProtocolError        the phone broke ISO 7816-4 or ISO-DEP: a garbled or oversized answer
│   ├── TapTimeoutError          the phone answered too slowly, or not at all
│   └── ReaderLostError          the reader, its driver or pcscd is gone or hung; carries the cure
├── JournalError                 what the durable store can refuse
│   ├── JournalTransientError    nothing was written and nothing is shown; the same call may succeed later
│   │   ├── JournalUnavailableError  it does not answer just now
│   │   │   └── TooManyWaitingError  as much waits for a thread as may [terminal.device.executor]
│   │   ├── JournalFullError     no room: ENOSPC, EDQUOT
│   │   └── JournalMediumError   the medium is read-only or fails; carries the cure
│   ├── JournalUnusableError     the file itself is wrong: no retry mends it
│   │   ├── JournalDamagedError  pages are damaged or missing; carries the way out
│   │   ├── JournalCorruptError  a row does not follow from the one before it; carries its sequence number
│   │   └── JournalForeignError  another program's database, or another key's; carries the way out
│   │       └── JournalNewerError  a newer version of this program wrote it
│   ├── JournalFaultError        a fault of this program; the process ends and is started again
│   ├── JournalClosedError       it has been closed
│   ├── JournalBusyError         another process has the file, or another drainer the lease [offline_queue.values]
│   ├── ChangeRefusedError       a change contradicts what the journal holds [offline_queue.values]
│   ├── UnsafeSettingError       SQLite refused a setting that makes a commit durable [offline_queue.journal.connection]
│   └── UnreadableSaleError      a row's bytes are no sale as this version knows it [offline_queue.records.codec]
├── ConfigError                  a setting or a file of the installation is wrong; carries where and the way out
├── SaidTwiceError               a JSON object has a member twice [pengpos.serving.members]
├── NotAcknowledgedError         one that does not free this device [offline_queue.export.acknowledgement]
├── SameMediumError              the second copy is on the journal's medium [offline_queue.export.mirror_file]
├── ApiProblem                   the daemon answered no; carries its problem document [pengpos.client._http]
├── DaemonAway                   nobody answers at the daemon's socket [pengpos.client._http]
├── UnusableAnswerError          the backend gave no answer, or none to use [pengpos.backend_api.calls]
├── NotEnrolledError             there is no enrolment yet [terminal.device.identity]
├── UnknownSaleError             no sale has this id [terminal.sales.open_sales]
├── CommandRefusedError          a command cannot be done now; carries its status [terminal.sales.commands]
├── RoleNeededError              an action needs a role that nobody has signed in with [terminal.operators.sessions]
├── SessionOverError             the token is of no session that goes on [terminal.operators.sessions]
├── SignInRefusedError           signing in did not come about; carries its status [terminal.operators.sessions]
├── BadRequestError              a request to the local API is not right [terminal.api.http]
├── TooManyListenersError        more programs follow the events than are served [terminal.api.feed]
├── SilentError                  a card answered nothing, after every repetition [drivers.isodep.reader]
├── GarbledError                 what a card answered is no block [drivers.isodep.reader]
├── GivenUpError                 the answer is not waited for any more [drivers.isodep.reader]
├── AtsError                     an answer to RATS that no card may give [drivers.isodep.ats]
├── OutlivedError                a call to a driver goes on past its limit [drivers.readers.worker]
├── StuckError                   a call was not begun, for an earlier one goes on [drivers.readers.worker]
├── FieldLeftError               as a card: the reader went away [drivers.readers.pn53x.link]
├── WinscardError                a call of PC/SC failed; carries its status [drivers.readers.pcsc.winscard]
├── EmptyAnswerError             a PC/SC reader answered no byte [drivers.readers.pcsc.link]
├── CorruptError                 a simulated answer came with a wrong CRC [drivers.simulated.field]
├── LeftError                    a simulated phone leaves the field now [drivers.simulated.field]
├── TornError                    a fake card leaves the field now [drivers.simulated.reader]
├── ReleasedError                a simulated target was let go of [drivers.simulated.pn532_target]
├── TornError                    a virtual card leaves the field now [sandbox.phone.field.vpcd]
├── BackendUnreachableError      the sandbox's backend did not answer a phone [sandbox.phone.account]
├── BackendRefusedError          it said no to a phone; carries its status [sandbox.phone.account]
├── UnknownPhoneError            the simulator has no phone of that name [sandbox.simulator.shop]
├── NotBundledError              a page's script cannot be joined [sandbox.pages.bundle]
├── BackendError                 what the sandbox's backend refuses, or cannot do [sandbox.backend.errors]
│   ├── RefusedRequestError      a request that is not carried out [sandbox.backend.errors]
│   │   ├── InvalidRequestError  it is not right in itself [sandbox.backend.errors]
│   │   ├── RequestSignatureError  it is not signed as it must be [sandbox.backend.errors]
│   │   ├── TokenEndedError      a bearer token is nobody's [sandbox.backend.errors]
│   │   ├── ForbiddenError       the caller may not [sandbox.backend.errors]
│   │   ├── NotFoundError        there is no such thing, or it is another's [sandbox.backend.errors]
│   │   ├── ConflictError        the id came before with another payload [sandbox.backend.errors]
│   │   │   └── TwoContentsError  of one terminal's intent: with an alarm [sandbox.backend.errors]
│   │   ├── NotBookedYetError    the payment is not booked yet [sandbox.backend.errors]
│   │   ├── TooManyError         a limit is reached: later [sandbox.backend.errors]
│   │   └── NotPossibleError     the state does not allow it [sandbox.backend.errors]
│   │       ├── ClaimedError     another phone has claimed the intent [sandbox.backend.errors]
│   │       └── ExceedsCapturedError  more than was captured [sandbox.backend.errors]
│   ├── ProblemError             an answer that is an error [sandbox.backend.contract.problems]
│   ├── InsufficientFundsError   a balance does not cover what was to be taken [sandbox.backend.ledger.ledger]
│   ├── TransactionGoneError     a transaction of several pieces of work is undone [sandbox.backend.records.together]
│   ├── _NothingToCommitError    every piece of a transaction has failed by itself [sandbox.backend.records.together]
│   ├── NoTurnError              those before in the queue of writers took too long [sandbox.backend.records.turns]
│   ├── NotStraightError         a payment is out of the ordinary [sandbox.backend.payments.straight_through]
│   ├── ShopChangedError         what was kept of a shop is not so [sandbox.backend.payments.straight_through]
│   └── RaceLostError            another transaction was first [sandbox.backend.records.database]
├── ProgramFailedError           a program that was started ended, or never was ready [workshop.processes]
├── ShopIsOpenError              another `pengpos run` has the shop of this home open [workshop.doorplate]
├── ClusterError                 a cluster that is rehearsed did not come to what it must [workshop.ha.cluster]
├── TillError                    a till of that rehearsal could not do its part [workshop.ha.tills]
├── StepFailedError              a step of the demo did not hold [workshop.demo]
└── DamagedCatalogueError        a .po file cannot be read [workshop.words.catalogue]
"""

from dataclasses import dataclass

from pengpos.core.reasons import Reason


class PengposError(Exception):
    """Root of every error this program raises on purpose."""


@dataclass(eq=False)
class MalformedError(PengposError):
    """Bytes that strict reading refuses (tap protocol §1); `what` says which rule, never quotes the bytes."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class SignatureError(PengposError):
    """A signature does not verify, or no trusted issuer made it."""

    what: str

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False)
class RefusedError(PengposError):
    """A check of the tap protocol failed: `reason` is what shopper and cashier read, `detail` is for the log.

    `code`: where there is more to say to them than the number does.
    """

    reason: Reason
    detail: str
    code: str | None = None

    def __str__(self) -> str:
        return f"{self.reason.name.lower()} ({self.reason.value}): {self.detail}"


class ReaderError(PengposError):
    """Root of what a contactless reader can do wrong."""


@dataclass(eq=False)
class CardLostError(ReaderError):
    """The phone left the field while we talked to it."""

    detail: str = "the card left the field"

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class CardProtocolError(ReaderError):
    """The phone, or the reader in its name, answered something no card may answer."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class TapTimeoutError(ReaderError):
    """An exchange was not answered within `limit_s` seconds."""

    limit_s: float

    def __str__(self) -> str:
        return f"no answer within {self.limit_s:g} s"


@dataclass(eq=False)
class ReaderLostError(ReaderError):
    """The reader cannot be used; `cure` is what a technician does about it, in one English sentence."""

    reader: str
    detail: str
    cure: str

    def __str__(self) -> str:
        return f"{self.reader}: {self.detail}. {self.cure}"


class JournalError(PengposError):
    """Root of what the durable store can refuse."""


class JournalTransientError(JournalError):
    """Root of what may pass: nothing was written and nothing may be shown, and the same call may succeed later."""


@dataclass(eq=False)
class JournalUnavailableError(JournalTransientError):
    """The journal does not answer just now: its file is locked, or too many changes wait."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class JournalFullError(JournalTransientError):
    """The medium, or a quota on it, has no room (ENOSPC, EDQUOT)."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class JournalMediumError(JournalTransientError):
    """The medium is read-only or fails to read or to write; `cure` is what a technician does about it."""

    detail: str
    cure: str

    def __str__(self) -> str:
        return f"{self.detail}. {self.cure}"


class JournalUnusableError(JournalError):
    """Root of what is wrong with the file itself: no retry mends it, and nothing is sold over it."""


@dataclass(eq=False)
class JournalDamagedError(JournalUnusableError):
    """Pages of the file are damaged or missing; `way_out` says what to do."""

    path: str
    detail: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}. {self.way_out}"


@dataclass(eq=False)
class JournalCorruptError(JournalUnusableError):
    """Row `seq` does not follow from the rows before it."""

    seq: int
    detail: str

    def __str__(self) -> str:
        return f"row {self.seq}: {self.detail}"


@dataclass(eq=False)
class JournalForeignError(JournalUnusableError):
    """The file is not a journal this version can read; `way_out` says what to do."""

    path: str
    detail: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}. {self.way_out}"


class JournalNewerError(JournalForeignError):
    """A newer version of this program wrote the file: the journal is well, and that version reads it."""


@dataclass(eq=False)
class JournalFaultError(JournalError):
    """A fault of this program, not of the medium: a statement SQLite does not take, a thread that broke."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class JournalClosedError(JournalError):
    """The journal, or the terminal over it, has been closed; nothing more is read or recorded."""

    what: str

    def __str__(self) -> str:
        return f"{self.what} is closed"


@dataclass(eq=False)
class ConfigError(PengposError):
    """A setting or a file of the installation is wrong."""

    where: str
    detail: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}. {self.way_out}"
