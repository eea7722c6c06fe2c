# SPDX-License-Identifier: Apache-2.0
"""Make the tone sequences of the screen: `python scripts/build_sounds.py` writes ui/sounds/*.wav.

Approved rises, and nothing else does. Stored is the same note twice, declined falls, unknown wavers on one note, a key
that is refused is one short low note: told apart in a noisy shop, also by somebody who cannot hear high notes.
"""

import array
import math
import sys
import wave
from pathlib import Path
from typing import Final, NamedTuple

RATE_HZ: Final = 22_050
OUT: Final = Path(__file__).resolve().parent.parent / "ui" / "sounds"


class Note(NamedTuple):
    """A struck tone; `waver_hz` makes its loudness beat."""

    start_s: float
    length_s: float
    hertz: float
    waver_hz: float = 0.0


C5, E5, G5, C6, A4, G4, EB4, G3 = 523.25, 659.25, 783.99, 1046.5, 440.0, 392.0, 311.13, 196.0
SOUNDS: Final = {
    "approved": [Note(0.0, 0.16, C5), Note(0.1, 0.18, E5), Note(0.2, 0.2, G5), Note(0.3, 0.5, C6)],
    "stored": [Note(0.0, 0.22, A4), Note(0.26, 0.42, A4)],
    "declined": [Note(0.0, 0.26, G4), Note(0.22, 0.55, EB4)],
    "unknown": [Note(0.0, 0.75, C5, waver_hz=7.0)],
    "refused": [Note(0.0, 0.14, G3)],
}


def render(notes: list[Note]) -> "array.array[int]":
    """16-bit samples of a sequence, with short attacks and endings, so that nothing clicks."""
    samples = [0.0] * int(RATE_HZ * (max(note.start_s + note.length_s for note in notes) + 0.02))
    for note in notes:
        first = int(note.start_s * RATE_HZ)
        for index in range(int(note.length_s * RATE_HZ)):
            t = index / RATE_HZ
            envelope = min(1.0, t / 0.006) * math.exp(-3.2 * t / note.length_s) * min(1.0, (note.length_s - t) / 0.03)
            if note.waver_hz:
                envelope = min(1.0, t / 0.02, (note.length_s - t) / 0.08)
                envelope *= 0.55 + 0.45 * math.cos(math.tau * note.waver_hz * t)
            tone = math.sin(math.tau * note.hertz * t) + 0.28 * math.sin(2 * math.tau * note.hertz * t)
            samples[first + index] += 0.42 * envelope * tone
    loudest = max(1.0, max(abs(sample) for sample in samples))
    return array.array("h", (round(sample / loudest * 30_000) for sample in samples))


def main() -> None:
    """Write every file anew."""
    OUT.mkdir(exist_ok=True)
    for name, notes in SOUNDS.items():
        samples = render(notes)
        if sys.byteorder == "big":
            samples.byteswap()
        with wave.open(str(OUT / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(samples.tobytes())
        sys.stdout.write(f"{name}.wav: {len(samples) / RATE_HZ:.2f} s\n")


if __name__ == "__main__":
    main()
