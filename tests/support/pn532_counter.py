# SPDX-License-Identifier: Apache-2.0
"""A counter whose one reader is a PN532, simulated on a pseudo-terminal under nfcpy's driver, and a tag by turns."""

from collections.abc import Sequence
from typing import Any

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, LeftError, RadioPhone, read_tag
from drivers.simulated.pn532 import SimulatedPn532
from drivers.tags.ndef import read_message
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card
from sandbox.phone.field.in_process import FieldPhone
from sandbox.phone.field.manners import Says
from tests.support.counter import Counter
from tests.support.loop_thread import LIMIT_S

SHOP = "https://shop.example/"


class Pn532Field:
    """The reader, opened in the thread that watches it; and the hands that hold phones to it."""

    name = "PN532 on ttyUSB0"

    def __init__(self, tag: Type4Tag) -> None:
        self.air = Field()
        self.chip = SimulatedPn532(self.air)
        self._tag = tag
        self._reader: Pn53xReader | None = None
        self.openings = 0
        self._held: dict[int, RadioPhone] = {}

    def wait(self, timeout_s: float) -> Sequence[Card]:
        """As `core.ports.Reader`, opened anew after it was lost."""
        chip = self.chip
        if self._reader is None:
            self._reader = Pn53xReader(
                self.name,
                lambda: Pn53xLink(self.name, SerialPlace(chip.path)),
                play_tag=lambda link, seconds: listen(link, self._tag, seconds),
            )
            self.openings += 1
        try:
            return self._reader.wait(timeout_s)
        except ReaderLostError:
            self.close()
            raise

    def close(self) -> None:
        """Give it back."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def plug_in_another(self) -> None:
        """The old one is pulled out, another comes in its place."""
        old, self.chip = self.chip, SimulatedPn532(self.air)
        old.unplug()

    def bring(self, phone: FieldPhone) -> None:
        """Hold a phone to it."""

        def respond(command: bytes) -> bytes:
            move = phone.exchange(command)
            if not isinstance(move, Says):
                raise LeftError
            return move.data

        phone.power_cycle()
        self._held[id(phone)] = RadioPhone(self.air, respond)
        self.air.put(self._held[id(phone)])

    def take_away(self, phone: FieldPhone) -> None:
        """Take it away."""
        self.air.take(self._held.pop(id(phone)))

    def read_tag(self) -> str | None:
        """What a phone that reads finds: a URL, or none."""
        message = read_tag(self.air, LIMIT_S)
        assert message is not None
        return read_message(message).uri


class Pn532Counter(Counter):
    """`antenna` is what lies on the counter."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        played = Type4Tag(SHOP)
        self.tag = played
        self.antenna = Pn532Field(played)
        self.fields = [self.antenna]  # type: ignore[list-item] # all that a counter asks of a field

    def close(self) -> None:
        """Off, and the reader given back."""
        super().close()
        self.antenna.close()
