# SPDX-License-Identifier: Apache-2.0
"""Which tone a change makes, and the one place that plays it. Tones are made by `scripts/build_sounds.py`.

Approved alone rises (look, rule 2). No audio device, no sound; nothing waits for one. Spoken words will go through
`Speaker.play` too, after the tone of the same `Sound`.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pengpos.client import SaleView, Status
from ui.state.local import LocalState
from ui.state.sales import Stage, shown_sale, stage

__all__ = ["Sound", "Speaker", "sound_of_change"]


if TYPE_CHECKING:
    import pygame

FOLDER = Path(__file__).parent


class Sound(StrEnum):
    """The tone sequences; the value is the file's name."""

    APPROVED = "approved"
    STORED = "stored"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    """A key that could not be taken; of no sale."""


_STAGES = {
    Stage.APPROVED: Sound.APPROVED,
    Stage.STORED: Sound.STORED,
    Stage.DECLINED: Sound.DECLINED,
    Stage.UNKNOWN: Sound.UNKNOWN,
}


def sound_of_change(old: Status | None, new: Status, local: LocalState) -> Sound | None:
    """The tone for what a snapshot changed in the sale on the screen; a late result of another sale is silent.

    A first snapshot makes no sound: what it holds has sounded before.
    """
    sale = new.sale
    shown = shown_sale(new, local)
    if old is None or sale is None or shown is None or shown.id != sale.id:
        return None
    before = old.sale if old.sale is not None and old.sale.id == sale.id else None
    if before is None or stage(before) is not stage(sale):
        return _STAGES.get(stage(sale))
    return Sound.DECLINED if _newly_refused(before, sale) else None


def _newly_refused(before: SaleView, sale: SaleView) -> bool:
    """A phone was refused while the sale stays armed."""
    return stage(sale) is Stage.PRESENT and sale.reason is not None and before.reason is None


class Speaker:
    """Plays tones through the first audio device; silent for good if there is none."""

    def __init__(self) -> None:
        self._sounds: dict[Sound, pygame.mixer.Sound] | None = None

    def prepare(self) -> None:
        """Open the device and load the tones. Some tens of milliseconds: not before the first frame."""
        if self._sounds is not None:
            return
        self._sounds = {}
        import pygame

        try:
            pygame.mixer.init(frequency=22_050, size=-16, channels=1, buffer=512)
            self._sounds = {sound: pygame.mixer.Sound(FOLDER / f"{sound}.wav") for sound in Sound}
        except (pygame.error, FileNotFoundError):
            self._sounds = {}

    def play(self, sound: Sound) -> None:
        """Start a tone; returns at once."""
        self.prepare()
        if self._sounds and sound in self._sounds:
            self._sounds[sound].play()
