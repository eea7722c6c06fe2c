# SPDX-License-Identifier: Apache-2.0
"""Which change sounds how. No other result plays the rising tone (look, rule 2)."""

import wave
from itertools import pairwise

import pygame
import pytest

from ui.sounds import FOLDER, Sound, Speaker, sound_of_change
from workshop.samples.screens import SAMPLES, local


@pytest.mark.parametrize(
    ("before", "after", "sound"),
    [
        ("present", "approved", Sound.APPROVED),
        ("confirming", "approved", Sound.APPROVED),
        ("unknown", "approved", Sound.APPROVED),
        ("present", "stored", Sound.STORED),
        ("confirming", "declined", Sound.DECLINED),
        ("confirming", "unknown", Sound.UNKNOWN),
        ("present", "present-refused", Sound.DECLINED),
        ("present-refused", "present-refused", None),
        ("present", "present-unlock", None),
        ("present", "confirming", None),
        ("present", "cancelled", None),
        ("present", "expired", None),
        ("approved", "approved", None),
        ("stored", "declined-at-sync", None),
        ("approved", "refunded", None),
        ("amount-empty", "present", None),
    ],
)
def test_a_change_sounds(before: str, after: str, sound: Sound | None) -> None:
    old, new = SAMPLES[before].status, SAMPLES[after].status
    assert new is not None
    assert sound_of_change(old, new, local()) == sound


def test_the_first_snapshot_is_silent() -> None:
    approved = SAMPLES["approved"].status
    assert approved is not None
    assert sound_of_change(None, approved, local()) is None


def test_a_late_result_of_a_sale_that_was_left_is_silent() -> None:
    sample = SAMPLES["amount-late-result"]
    assert sample.status is not None
    assert sound_of_change(SAMPLES["unknown"].status, sample.status, sample.local) is None


def loudest_pitches(sound: Sound) -> list[float]:
    """Zero crossings a second, in twelve slices: good enough to see whether a tone rises."""
    with wave.open(str(FOLDER / f"{sound}.wav")) as file:
        rate, frames = file.getframerate(), file.readframes(file.getnframes())
    samples = [int.from_bytes(frames[i : i + 2], "little", signed=True) for i in range(0, len(frames), 2)]
    step = len(samples) // 12
    pitches = []
    for first in range(0, step * 10, step):
        piece = samples[first : first + step]
        crossings = sum((a < 0) != (b < 0) for a, b in pairwise(piece))
        pitches.append(crossings * rate / step / 2)
    return pitches


@pytest.mark.parametrize("sound", Sound)
def test_only_approved_rises(sound: Sound) -> None:
    pitches = loudest_pitches(sound)
    assert (pitches[-1] > 1.3 * pitches[0]) == (sound is Sound.APPROVED)


def test_no_two_tones_are_alike() -> None:
    assert len({(FOLDER / f"{sound}.wav").read_bytes() for sound in Sound}) == len(Sound)


@pytest.fixture
def no_mixer() -> None:
    """SDL's mixer as a program finds it: another test of this process may have opened it."""
    pygame.mixer.quit()


@pytest.mark.usefixtures("no_mixer")
def test_without_an_audio_device_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no-such-driver")
    speaker = Speaker()
    speaker.play(Sound.APPROVED)
    speaker.play(Sound.APPROVED)
    assert speaker._sounds == {}


@pytest.mark.usefixtures("no_mixer")
def test_with_one_each_tone_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    speaker = Speaker()
    speaker.play(Sound.STORED)
    assert speaker._sounds is not None
    assert set(speaker._sounds) == set(Sound)
