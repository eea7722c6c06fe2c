# SPDX-License-Identifier: Apache-2.0
"""The device's readers and its tag, as its settings say; readers on USB and PC/SC need none."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from drivers.readers.choice import Choice
from drivers.readers.discovery import AllReaders
from drivers.readers.pcsc.discovery import PcscReaders
from drivers.readers.pn53x.discovery import Pn53xReaders
from drivers.readers.supervisor import Pace, ReaderSupervisor
from drivers.tags.chip import TagChip
from drivers.tags.i2c import LinuxI2c
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import Card, ReaderHealth, TagNews, TagPresenter, TagState, TapListener
from terminal.device.settings import Settings

if TYPE_CHECKING:
    from drivers.readers.pn53x.reader import PlayTag

_LOOK_AT_FIELD_S = 0.1  # a sale is armed once a field was seen empty: no shopper waits longer than this for it


class Hardware:
    """What hangs on this machine. `readers` starts nothing; `tag` is None where there is none."""

    def __init__(self, settings: Settings, pn53x_readers: Callable[..., Pn53xReaders] = Pn53xReaders) -> None:
        tag = settings.tag
        self._chip = None if tag.chip is None else TagChip(partial(LinuxI2c, tag.chip), tag.shop_address)
        self._type4 = Type4Tag(tag.shop_address) if tag.pn53x else None
        self._choice = Choice(include=settings.readers.include, exclude=settings.readers.exclude)
        self._pn53x = pn53x_readers(
            serial_ports=settings.readers.serial_ports,
            choice=self._choice,
            play_tag=None if self._type4 is None else partial(_playing, self._type4),
        )

    @property
    def tag(self) -> TagPresenter | None:
        """Everything a phone can read here, as one."""
        presenters: list[TagPresenter] = [one for one in (self._chip, self._type4) if one is not None]
        return _Tags(presenters) if presenters else None

    def readers(self, listener: TapListener) -> "Supervisors":
        """All readers and the tag chip, each attended in its own thread."""
        readers, pace = AllReaders(self._pn53x, PcscReaders(choice=self._choice)), Pace(wait_s=_LOOK_AT_FIELD_S)
        supervisors = [ReaderSupervisor(listener, discover=readers.discover, open_reader=readers.open, pace=pace)]
        if self._chip is not None:
            chip = self._chip
            supervisors.append(
                ReaderSupervisor(_HealthOnly(listener), discover=chip.discover, open_reader=chip.open, pace=pace)
            )
        return Supervisors(supervisors)


class Supervisors:
    """Several, started and stopped together."""

    def __init__(self, supervisors: Sequence[ReaderSupervisor]) -> None:
        self._supervisors = supervisors

    def start(self) -> None:
        """Begin to watch."""
        for supervisor in self._supervisors:
            supervisor.start()

    def look_again(self) -> None:
        """Have each field looked at now; returns at once, in any thread."""
        for supervisor in self._supervisors:
            supervisor.look_again()

    def stop(self) -> bool:
        """End every thread, within a bound; false if one did not end."""
        stopped = [supervisor.stop() for supervisor in self._supervisors]
        return all(stopped)


class _Tags:
    def __init__(self, presenters: Sequence[TagPresenter]) -> None:
        self._presenters = presenters

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        for presenter in self._presenters:
            presenter.tell(listener)

    def show(self, state: TagState) -> None:
        for presenter in self._presenters:
            presenter.show(state)


class _HealthOnly:
    """A tag chip's field must not count as a reader's that was seen empty."""

    def __init__(self, listener: TapListener) -> None:
        self._listener = listener

    def field(self, reader: str, cards: Sequence[Card]) -> None:
        del reader, cards

    def health(self, health: ReaderHealth) -> None:
        self._listener.health(health)


def _playing(tag: Type4Tag) -> "PlayTag":
    from drivers.tags.pn53x_tag import listen

    mine = tag.another()
    return lambda link, seconds: listen(link, mine, seconds)
