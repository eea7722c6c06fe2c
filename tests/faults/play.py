# SPDX-License-Identifier: Apache-2.0
"""One play: a terminal that may die again and again, in a world that may fail it, until all is quiet.

After a death the journey begins again from its first line: a till says its request again under the same key, a cashier
looks at what is there and goes on. When the journey is over everything is mended, and what is still open must end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from pengpos.client import Home, SaleView, Status
from pengpos.core.errors import PengposError
from sandbox.phone.field.in_process import VirtualField
from sandbox.phone.phone import VirtualPhone
from terminal.device.clock import DeviceClock
from tests.faults import books
from tests.faults.chaos import Chaos, Fault, Kind
from tests.faults.life import BrokenError, Life
from tests.faults.road import Road
from tests.faults.witness import Witness
from tests.faults.world import CURRENCY, World
from tests.support.jumping_loop import JumpingLoop, Killed

STARTS_MOST = 30
RESTART_S = 2
ANSWERS_MOST = 40
BACKEND_GONE_S = 4
QUIET_LOOKS = 90
OLD_IMAGE_S = 300
LAST_LOOK_S = 3  # what the journal has, the screen has a moment later
OVER = frozenset({
    "approved", "settled", "partly_refunded", "refunded", "declined", "declined_at_sync", "cancelled", "reversed",
    "expired",
})  # fmt: skip
REFUND_ENDS = frozenset({"done", "failed", "void"})

Part = Callable[[], Awaitable[None]]


class GaveUpError(Exception):
    """It was tried as long as a person would, and did not come to be."""


@dataclass(slots=True)
class Play:
    """See the module. `shoppers_stay`: after a death of the daemon they are still there to tap again."""

    world: World
    home: Home
    phones: Sequence[VirtualPhone]
    faults: Sequence[Fault] = ()
    shoppers_stay: bool = True
    witness: Witness = field(default_factory=Witness)
    reader: VirtualField = field(default_factory=lambda: VirtualField(hurried=True))
    chaos: Chaos = field(init=False)
    road: Road = field(init=False)
    shoppers_are_gone: bool = False
    documents_stand: bool = True
    """The operator has changed nothing about this terminal."""
    _life: Life | None = None
    _starts: int = 0
    _image: Home | None = None

    def __post_init__(self) -> None:
        deeds = {
            Kind.OLD_IMAGE: self._take_image,
            Kind.SECOND_DRAINER: lambda: self.life.second_drainer(),
            Kind.BACKEND_GONE: lambda: self.road.fall_for(BACKEND_GONE_S),
        }
        self.chaos = Chaos(self.faults, deeds, self.world.time.seconds)

    async def run(self, journey: Part) -> None:
        """Play it to the end. Raises GaveUpError."""
        self.road = Road(self.world.road(self.home, self._documents_stand))
        try:
            await self._play(journey)
        finally:
            if self._life is not None:
                await self._life.bury()
            await self.road.aclose()

    def _documents_stand(self) -> bool:
        return self.documents_stand and self.chaos.clock_wrong_by_s == 0

    async def _play(self, journey: Part) -> None:
        await self._live(journey)
        self.road.mend()
        self.chaos.heal()
        await self._live(self._until_quiet)
        if self._image is None:
            return await self._live(self._stop)
        await self._live(self._until_later_rows_are_known)
        await self._live(self._stop)
        self.home, self.witness.restored = self._image, True
        await self._live(self._until_quiet)
        return await self._live(self._stop)

    @property
    def life(self) -> Life:
        """The daemon as it runs now."""
        assert self._life is not None
        return self._life

    def leap(self, seconds: int) -> None:
        """Let time pass in one go."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        loop.leap(seconds)

    def look_at_promises(self, phone: VirtualPhone) -> None:
        """Hold what a phone has promised against what the backend has set aside."""
        self.witness.beyond |= books.beyond_what_is_set_aside(self.world.backend, phone, CURRENCY)

    # --- lives --------------------------------------------------------------------------------------------------------

    async def _live(self, part: Part) -> None:
        """Do a part of the play, from its beginning in each life that it takes."""
        while True:
            try:
                if self._life is None:
                    await self._begin()
                return await part()
            except Killed:
                self.home = await self._bury()
                self.shoppers_are_gone = not self.shoppers_stay
            except BrokenError:
                await self._end_broken()

    async def _begin(self) -> None:
        """As a supervisor starts a daemon: again, if it would not."""
        while self._starts < STARTS_MOST:
            self._starts += 1
            clock = DeviceClock(
                system=lambda: self.world.time.now() + self.chaos.clock_wrong_by_s,
                since_boot_s=self.world.time.monotonic_s,
            )
            self._life = Life(
                self.home,
                chaos=self.chaos,
                clock=clock,
                road=self.road,
                field=self.reader,
                saw=self.witness.saw_status,
                saw_sale=self.witness.saw_sale,
            )
            try:
                return await self._life.start()
            except PengposError:
                await self._life.bury()
                await asyncio.sleep(RESTART_S)
        raise GaveUpError("the daemon does not start, or dies again and again")

    async def _bury(self) -> Home:
        """The files of the dead."""
        self.reader.take_away()
        life, self._life = self.life, None
        await life.bury()
        assert life.grave is not None
        return life.grave

    async def _end_broken(self) -> None:
        """A part of it broke: it puts itself away in order, and is started again."""
        self.reader.take_away()
        life, self._life = self.life, None
        try:
            await life.bury_broken()
        except Killed:
            self._life = life
            self.home = await self._bury()
        await asyncio.sleep(RESTART_S)

    async def _stop(self) -> None:
        """The last thing of a day: it is asked to end, and may be killed over that too."""
        await self.life.stop()
        self._life = None

    def _take_image(self) -> None:
        self._image = self.life.copy_files("~")

    async def _until_later_rows_are_known(self) -> None:
        """A card is put back after minutes or days, not seconds: the backend has signed later heads by then."""
        self.leap(OLD_IMAGE_S)
        await asyncio.sleep(2)

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _until_quiet(self) -> None:
        """All faults are over: wait until nothing is open, or as long as it may reasonably take."""
        for look in range(QUIET_LOOKS):
            if all(_is_quiet(sale) for sale in await self.all_sales()) and self.witness.obeys:
                break
            await asyncio.sleep(0.5 if look < 20 else 5)
            if look % 10 == 9:  # what broke meanwhile is mended, and the backend has done its own chores
                self.chaos.heal()
                self.world.sweep()
            if look > 20 and look % 10 == 0:
                self.leap(200)
        await asyncio.sleep(LAST_LOOK_S)
        self.witness.final = await self.all_sales()
        self.witness.last_status = await self.status()

    async def all_sales(self) -> list[SaleView]:
        """Every sale the terminal knows."""
        answer = await self.ask("/v1/sales?limit=200")
        sales = msgspec.convert(answer["sales"], list[SaleView])
        for sale in sales:
            self.witness.saw_sale(sale)
        return sales

    async def status(self) -> Status:
        """The terminal as a whole."""
        return msgspec.convert(await self.ask("/v1/status"), Status)

    async def ask(self, path: str) -> Any:
        """Look at something until the terminal can say. Raises GaveUpError."""
        for _ in range(ANSWERS_MOST):
            answer = await self.call("GET", path)
            if answer.is_success:
                return answer.json()
            await asyncio.sleep(1)
        raise GaveUpError(f"{path}: {answer.status_code} {answer.text}")

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One call of the local API, whatever it answers."""
        return await self.life.call(method, path, body)


def _is_quiet(sale: SaleView) -> bool:
    return sale.state in OVER and all(refund.state in REFUND_ENDS for refund in sale.refunds)
