# SPDX-License-Identifier: Apache-2.0
"""Everything outside one terminal: a payment backend with its books, shops to enrol in, phones, and true time.

One world serves many plays, one after the other, each with a terminal of its own. Nothing here is ever faulty.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import event

from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from pengpos.backend_api.signed_answer import HEADER, digest_of
from pengpos.client import Home
from pengpos.core.money import Money
from pengpos.keys.file import FileKey
from pengpos.keys.last_heard import LastHeard, write_last_heard
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.booking import sweep
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.hub import Hub
from sandbox.backend.kernel.limits import SIGN_UPS_OF_ADDRESS, Rate, Rates
from sandbox.backend.operators import roster
from sandbox.backend.records import seed
from sandbox.backend.records.database import Database
from sandbox.backend.serving.app import create_app
from sandbox.backend.terminals import enrolment
from sandbox.backend.trust.issuer import Issuer
from sandbox.backend.trust.request_signature import SignedHead, question_of
from sandbox.phone.account import Account
from sandbox.phone.field.manners import Honest
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.owner import Owner
from tests.faults.chaos import Moment
from tests.faults.wires import Wires, listener
from tests.support import jumping_loop
from tests.support.in_loop import InLoop

NOON = 1_800_000_000
CURRENCY = "CNY"
ORIGIN = "https://backend.test"
_ADMIN_TOKEN = "the operator's"
PHONE_PLAYS = 12
"""So many plays one phone serves before its promises could run short."""
OWNER = Owner(tap_limits=(Money(500_00, CURRENCY),), unasked=None)
T = TypeVar("T")


class TrueTime:
    """`core.ports.Clock`: what time it really is in the world, by its event loop."""

    def __init__(self) -> None:
        self.loop_s = 0.0
        self.loop: asyncio.AbstractEventLoop | None = None

    def seconds(self) -> float:
        """Seconds since the world began."""
        return self.loop_s if self.loop is None else self.loop.time()

    def now(self) -> int:
        """Unix seconds."""
        return NOON + int(self.seconds())

    def monotonic_s(self) -> float:
        """The same, as it passes."""
        return self.seconds()


class _Directly(httpx.BaseTransport):
    """For what happens between plays: a synchronous client into the application, on a loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def exchange() -> httpx.Response:
            response = await self._inner.handle_async_request(request)
            return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

        answer: httpx.Response = jumping_loop.run(exchange)[0]
        return answer


@dataclass(slots=True)
class World:
    """See the module. Made by `world`."""

    directory: Path
    backend: Backend
    app: FastAPI
    time: TrueTime
    wires: Wires | None = None
    """Real sockets with a fault proxy between; None: calls go straight into the application."""
    plays: int = 0
    calm: dict[str, Counter[Moment]] = field(default_factory=dict)
    """By journey: how many moments of each kind it has while nothing goes wrong, once that was played here."""
    _phones: list[tuple[VirtualPhone, int]] = field(default_factory=list)
    _denylist: dict[str, bytes] = field(default_factory=dict)
    _made: int = 0
    _template: Path | None = None

    def play(self, scene: Callable[[], Awaitable[T]]) -> T:
        """Run one scene to its end, on an event loop of its own; time goes on where the last one left it."""

        async def on_the_loop() -> T:
            self.time.loop = asyncio.get_running_loop()
            if self.wires is not None:
                await self.wires.start(self.app)
            try:
                return await scene()
            finally:
                if self.wires is not None:
                    await self.wires.stop()
                self.time.loop_s, self.time.loop = self.time.loop.time(), None

        self.plays += 1
        result, self.time.loop_s = jumping_loop.run(on_the_loop, self.time.loop_s)
        answer: T = result
        return answer

    def road(self, home: Home, documents_stand: Callable[[], bool]) -> httpx.AsyncBaseTransport:
        """What a terminal's calls travel by. `documents_stand`: the policy is as it was when it was enrolled."""
        if self.wires is None:
            return _Remembering(InLoop(self.app), self._denylist, home, documents_stand, self.backend.issuer)
        return httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=8, max_keepalive_connections=4))

    def reopen(self) -> FastAPI:
        """The application again, as a process that was started anew: over the same database, with nothing in memory."""
        self.backend.db.engine.dispose()
        hub = Hub()
        self.backend = replace(self.backend, db=_database(self.directory, hub), hub=hub)
        self.app = create_app(self.backend, sweeping=False)
        return self.app

    def sweep(self) -> None:
        """What becomes due at the backend by itself."""
        sweep.sweep(self.backend)

    # --- terminals ----------------------------------------------------------------------------------------------------

    def installation(self) -> Home:
        """A home with a terminal just enrolled, and its empty journal."""
        self._made += 1
        home = Home(self.directory / f"terminal-{self._made}-")
        home.root.mkdir(mode=0o700)
        signer = FileKey.load_or_create(home.device_key)
        device = enrolment.Device(
            key=PublicKey.of(signer),
            hardware={"serial": "10000000abcdef01", "model": "Raspberry Pi 4"},
            software_version="0.1.0",
        )

        def enrol(session: Any) -> dict[str, Any]:
            code = enrolment.new_activation_code(session, seed.STORE_ID, self.time.now())
            session.flush()
            answer = enrolment.enrol(session, self.backend, code.code, device)
            assert isinstance(answer, dict)
            return answer

        stored = self.backend.db.write(enrol) | {
            "backend": self.backend.origin,
            "enrolled_at": datetime.fromtimestamp(self.time.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        home.enrolment.write_bytes(msgspec.json.encode(stored))
        heard = LastHeard(terminal_id=stored["terminal_id"], policy=stored["policy"], issuers=stored["issuers"])
        write_last_heard(home.last_heard, heard)
        self._lay_journal(home)
        return home

    def clear(self, home: Home) -> None:
        """Throw a terminal's cards away, those of its other lives too."""
        for root in self.directory.glob(f"{home.root.name}*"):
            shutil.rmtree(root)

    def _lay_journal(self, home: Home) -> None:
        """A copy of an empty journal: making one anew costs more than a whole sale."""
        if self._template is None:
            template = Home(self.directory / "template")
            template.root.mkdir()
            key = load_or_create_key(template.journal_key)
            Journal.open(template.journal, key=key, clock=self.time).close()
            self._template = template.root
        for name in (home.journal.name, home.journal_key.name):
            shutil.copy(self._template / name, home.root / name)

    # --- phones -------------------------------------------------------------------------------------------------------

    def phones(self, count: int) -> list[VirtualPhone]:
        """So many phones with money, keys and promises to spare."""
        for phone, left in self._phones:
            if left == 0:
                phone.close()
        self._phones = [(phone, left - 1) for phone, left in self._phones if left > 0]
        while len(self._phones) < count:
            self._phones.append((self._new_phone(), PHONE_PLAYS))
        phones = [phone for phone, _ in self._phones[:count]]
        for phone in phones:
            phone.manner, phone.owner = Honest(), OWNER
        return phones

    def _new_phone(self) -> VirtualPhone:
        self._made += 1
        phone = VirtualPhone(self.directory / f"phone-{self._made}", owner=OWNER, clock=self.time)
        with httpx.Client(transport=_Directly(self.app), base_url=self.backend.origin) as http:
            account = Account(http)
            phone.sign_up(account, backend=self.backend.origin, name="小林")
            phone.sync(account, spares=1)
        return phone

    def close(self) -> None:
        """Let go of everything."""
        for phone, _ in self._phones:
            phone.close()
        self.backend.db.close()


class _Remembering(httpx.AsyncBaseTransport):
    """Gives two documents that hardly ever change here without asking for them again: a third of all calls.

    Not to a terminal whose clock is wrong: it must be told so. Nor once the operator has changed anything.
    """

    def __init__(
        self,
        inner: InLoop,
        denylist: dict[str, bytes],
        home: Home,
        documents_stand: Callable[[], bool],
        issuer: Issuer,
    ) -> None:
        self._issuer = issuer
        self._inner = inner
        self._denylist = denylist
        self._policy = msgspec.json.encode({"policy": msgspec.json.decode(home.enrolment.read_bytes())["policy"]})
        self._documents_stand = documents_stand

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        if not self._documents_stand() or not path.startswith(("/v1/terminal/config", "/v1/terminal/denylist")):
            return await self._inner.handle_async_request(request)
        if path == "/v1/terminal/config":
            return _signed(request, self._policy, self._issuer)
        if path not in self._denylist:
            answer = await self._inner.handle_async_request(request)
            self._denylist[path] = await answer.aread()
        return _signed(request, self._denylist[path], self._issuer)


def _signed(request: httpx.Request, content: bytes, issuer: Issuer) -> httpx.Response:
    """As the backend answers: over this very request."""
    fields = tuple(request.headers.items())
    question = question_of(SignedHead(method=request.method, url=str(request.url), fields=fields))
    assert question is not None  # every call for a document is signed
    proof = issuer.answer({**asdict(question), "status": 200, "body": digest_of(content)})
    headers = {"content-type": "application/json", HEADER: proof}
    return httpx.Response(200, headers=headers, content=content, request=request)


def quick_directory() -> Path | None:
    """Where files cost no disk: nothing in these plays loses the power."""
    shm = Path("/dev/shm")  # looked for only; what is made in it is private
    return shm if shm.is_dir() else None


@contextmanager
def world(*, wired: bool = False) -> Iterator[World]:
    """A world in a private directory; gone afterwards. `wired`: with real sockets between terminal and backend."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="pengpos-faults-", dir=quick_directory()))
        directory, true_time, hub, origin = Path(name), TrueTime(), Hub(), ORIGIN
        wires: Wires | None = None
        if wired:
            ends = [stack.enter_context(listener()), stack.enter_context(listener())]
            origin = f"http://127.0.0.1:{ends[0].getsockname()[1]}"
            wires = Wires(ends[0], ends[1], lambda: found.reopen())
        database = _database(directory, hub)
        database.migrate()
        database.write(seed.seed)
        database.write(lambda session: roster.keep_root(session, _ADMIN_TOKEN, true_time.now()))
        rates = Rates(sign_ups_of_address=Rate(replace(SIGN_UPS_OF_ADDRESS, most=1_000_000)))  # one for all plays
        backend = Backend(
            db=database, issuer=Issuer(SoftwareKey.generate()), clock=true_time, origin=origin, hub=hub,
            admin_token=_ADMIN_TOKEN, magic_amounts=True, sleep=asyncio.sleep, rates=rates,
        )  # fmt: skip
        found = World(directory, backend, create_app(backend, sweeping=False), true_time, wires)
        try:
            yield found
        finally:
            found.close()


def _database(directory: Path, hub: Hub) -> Database:
    database = Database(f"sqlite:///{directory / 'sandbox.db'}", wake=hub.wake)
    event.listen(database.engine, "connect", _without_syncs)
    return database


def _without_syncs(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the power never fails here, and a commit is many times faster
