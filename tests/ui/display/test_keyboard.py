# SPDX-License-Identifier: Apache-2.0
"""What keys mean: of a hand or a scanner, for this screen or the one before, by when they were pressed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.scenes import scene
from ui.actions import Action, Do, Key, Press
from ui.display.keyboard import (
    APART_S,
    ENDED_SCAN_LEAST,
    GUARD_S,
    SAME_AMOUNT_S,
    SUFFIX_S,
    Blur,
    Burst,
    Keystroke,
    Meant,
    Scan,
    Typist,
    struck,
    target_of_key,
    waited,
)
from ui.display.moments import Panel, When
from ui.drawing.scene import Scene

AMOUNT = scene("amount-sum", "zh-Hans", (800, 480))
PRESENT = scene("present", "zh-Hans", (800, 480))
QUESTION = scene("large-amount", "zh-Hans", (800, 480))
RESULT = scene("approved", "zh-Hans", (800, 480))


@pytest.mark.parametrize(
    ("one", "key", "action"),
    [
        (AMOUNT, "7", Press(Key.D7)),
        (AMOUNT, ".", Press(Key.POINT)),
        (AMOUNT, "+", Press(Key.PLUS)),
        (AMOUNT, "*", Press(Key.TIMES)),
        (AMOUNT, "x", Press(Key.TIMES)),
        (AMOUNT, "backspace", Press(Key.BACKSPACE)),
        (AMOUNT, "delete", Press(Key.CLEAR)),
        (AMOUNT, "C", Press(Key.CLEAR)),
        (AMOUNT, "escape", Press(Key.CLEAR)),
        (AMOUNT, "enter", Do.CHARGE),
        (AMOUNT, ",", Press(Key.POINT)),
        (AMOUNT, "．", Press(Key.POINT)),
        (AMOUNT, "。", Press(Key.POINT)),
        (AMOUNT, "７", Press(Key.D7)),
        (AMOUNT, "٧", Press(Key.D7)),
        (AMOUNT, "७", Press(Key.D7)),
        (AMOUNT, "²", None),
        (AMOUNT, "七", None),
        (AMOUNT, "＋", Press(Key.PLUS)),
        (AMOUNT, "-", None),
        (AMOUNT, "q", None),
        (QUESTION, "enter", None),
        (QUESTION, "1", None),
        (QUESTION, "*", Do.CHARGE_LARGE),
        (QUESTION, "＊", Do.CHARGE_LARGE),
        (QUESTION, "escape", Do.BACK),
        (QUESTION, "backspace", Do.BACK),
        (QUESTION, "delete", Do.BACK),
        (PRESENT, "enter", None),
        (PRESENT, "escape", Do.CANCEL),
        (PRESENT, "7", None),
        (RESULT, "enter", Do.NEXT),
        (RESULT, "7", Do.NEXT),
        (RESULT, ",", Do.NEXT),
        (RESULT, "+", None),
    ],
)
def test_what_a_key_stands_for(one: Scene, key: str, action: Action | None) -> None:
    target = target_of_key(one, key)
    assert (target.action if target else None) == action


# --- hands and scanners -----------------------------------------------------------------------------------------------


def meant_by(strokes: list[tuple[str, float, float]]) -> list[Meant]:
    """Of (name, pressed at, vague by); then nothing more comes."""
    burst, found = Burst(), list[Meant]()
    for name, at_s, vague_s in strokes:
        burst, meant = struck(burst, Keystroke(name, When(at_s, vague_s)))
        found += meant
    return [*found, *waited(burst, 1e6)[1]]


def spelt(meant: list[Meant]) -> str:
    """Strokes as typed, ``[a scan]``, ``~`` for a blur."""
    words = {"enter": "/", "tab": "|", "backspace": "<"}

    def spell(one: Meant) -> str:
        match one:
            case Keystroke():
                return words.get(one.name, one.name)
            case Scan():
                return f"[{one.code}]"
            case Blur():
                return "~"

    return "".join(map(spell, meant))


def evenly(keys: str, apart_s: float, vague_s: float = 0.0) -> list[tuple[str, float, float]]:
    names = {"/": "enter", "|": "tab", "<": "backspace"}
    return [(names.get(key, key), index * apart_s, vague_s) for index, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("keys", "apart_s", "vague_s", "meant"),
    [
        ("6901234567892/", 0.007, 0.0, "[6901234567892]"),
        ("6901234567892|", 0.007, 0.0, "[6901234567892]"),
        ("6901234567892", 0.03, 0.0, "[6901234567892]"),
        ("6901234567892//", 0.007, 0.0, "[6901234567892]"),
        ("６９０１２３４５/", 0.007, 0.0, "[69012345]"),
        ("ABC-1234/", 0.007, 0.0, "[ABC-1234]"),
        ("10023/", 0.005, 0.0, "[10023]"),
        ("1002|", 0.03, 0.0, "[1002]"),
        ("10023", 0.005, 0.0, "10023"),
        ("18.80/", 0.0, 0.3, "18.80/"),
        ("188/", 0.0, 0.0, "188/"),
        ("118877/", 0.12, 0.0, "118877/"),
        ("118877/", APART_S, 0.0, "118877/"),
        ("118877/", 0.0, 0.02, "[118877]"),
        ("118877/", 0.0, 0.3, "~"),
        ("188/", 0.0, 0.3, "188/"),
        ("1<1<1<1<", 0.001, 0.0, "1<1<1<1<"),
    ],
    ids=[
        "EAN-13 with Enter", "with Tab", "with nothing", "with CR LF", "through a full-width input method", "letters",
        "a shop's own code", "with Tab, slowly", "without an end", "typed while the process was held",
        "two quick fingers", "a cashier", "as quick as no scanner", "seen at once, after a short sleep",
        "seen at once, after the process was held", "three keys while it was held", "no characters in a row",
    ],
)  # fmt: skip
def test_a_scanner_is_told_from_a_hand(keys: str, apart_s: float, vague_s: float, meant: str) -> None:
    assert spelt(meant_by(evenly(keys, apart_s, vague_s))) == meant


@pytest.mark.parametrize(
    ("keys", "apart_s", "vague_s", "as_of_a_scanner"),
    [
        ("*1*", 0.005, 0.0, "*1*"),
        ("*1*/", 0.005, 0.0, "*1*/"),
        ("*1*", 0.0, 0.3, "*1*"),
        ("*1*", APART_S, 0.0, ""),
        ("*", 0.0, 0.3, ""),
        ("*/", 0.005, 0.0, "*"),
        ("10023", 0.005, 0.0, "10023"),
        ("123/", 0.03, 0.0, "123/"),
        ("12|", 0.005, 0.0, "12|"),
        ("188/", 0.0, 0.3, "188"),
        ("5/", 0.005, 0.0, "5"),
        ("1<1<", 0.005, 0.0, "11"),
    ],
    ids=[
        "Code 39, its start and stop", "with Enter", "seen at once", "by hand", "one key, seen late", "one with Enter",
        "without an end", "a shop's own number", "with Tab", "a hand's, while the process was held",
        "one digit of a hand's", "mended",
    ],
)  # fmt: skip
def test_keys_too_few_for_a_scan_are_known_to_be_as_close(
    keys: str, apart_s: float, vague_s: float, as_of_a_scanner: str
) -> None:
    meant = meant_by(evenly(keys, apart_s, vague_s))
    assert spelt([one for one in meant if isinstance(one, Keystroke) and one.in_burst]) == as_of_a_scanner
    assert spelt(meant) == keys


@pytest.mark.parametrize(("after_s", "meant"), [(SUFFIX_S - 0.01, "[69012345]"), (SUFFIX_S + 0.01, "[69012345]/")])
def test_a_scanner_s_late_enter_confirms_nothing(after_s: float, meant: str) -> None:
    burst, found = Burst(), list[Meant]()
    for name, at_s, vague_s in evenly("69012345", 0.005):
        burst, now = struck(burst, Keystroke(name, When(at_s, vague_s)))
        found += now
    burst, now = waited(burst, 7 * 0.005 + APART_S)
    found += now
    burst, now = struck(burst, Keystroke("enter", When(7 * 0.005 + after_s)))
    assert spelt([*found, *now]) == meant


@given(
    st.lists(st.tuples(st.sampled_from([*"0123456789.", "enter", "backspace"]), st.floats(0, 0.2)), max_size=40),
    st.sampled_from([0.0, 0.02, 0.5]),
)
def test_no_key_is_lost(pressed: list[tuple[str, float]], vague_s: float) -> None:
    """Each is given back in its order, is a part of a scan or of a blur, or is the Enter behind one."""
    at_s, strokes = 0.0, []
    for name, apart_s in pressed:
        at_s += apart_s
        strokes.append((name, at_s, vague_s))
    meant = meant_by(strokes)
    if not any(isinstance(one, Scan | Blur) for one in meant):
        assert [one.name for one in meant if isinstance(one, Keystroke)] == [name for name, _ in pressed]
    gaps = [later - earlier for (_, earlier, _), (_, later, _) in pairwise(strokes)]
    if all(gap >= APART_S + vague_s for gap in gaps) or len(strokes) < ENDED_SCAN_LEAST:
        assert all(isinstance(one, Keystroke) for one in meant)


# --- the screen a key was meant for -----------------------------------------------------------------------------------


def judged(
    scenes: list[tuple[Scene, float]], keys: list[tuple[str, float]], *, by_digit: bool = False
) -> list[Action | str]:
    """Each key's action, ``refused`` or ``spoilt``, decided when the last of the scenes stands there."""
    panel, typist = Panel(), Typist()
    for one, at_s in scenes:
        panel.number += 1
        panel.put(one, at_s, by_digit=by_digit)
    found: list[Action | str] = []
    for name, at_s in keys:
        target, spoils = typist.judge(Keystroke(name, When(at_s)), scenes[-1][0], panel)
        found.append("spoilt" if spoils else target.action if target is not None else "refused")
    return found


@pytest.mark.parametrize(
    ("scenes", "keys", "becomes"),
    [
        ([(PRESENT, 0.0), (RESULT, 5.0)], [("8", 5.0)], [Do.NEXT]),
        ([(PRESENT, 0.0), (RESULT, 5.0)], [("8", 4.99)], ["spoilt"]),
        ([(PRESENT, 0.0), (RESULT, 5.0)], [("1", 4.9), ("8", 5.1)], ["spoilt", "spoilt"]),
        ([(PRESENT, 0.0), (RESULT, 5.0)], [("1", 4.9), ("8", 4.95 + SAME_AMOUNT_S)], ["spoilt", Do.NEXT]),
        ([(RESULT, 0.0), (AMOUNT, 5.0)], [("8", 4.9), ("enter", 4.95)], [Press(Key.D8), "refused"]),
        ([(AMOUNT, 0.0), (PRESENT, 5.0)], [("8", 4.9), ("escape", 4.95)], ["spoilt", "refused"]),
        ([(PRESENT, 0.0)], [("escape", GUARD_S - 0.01)], ["refused"]),
        ([(PRESENT, 0.0)], [("escape", GUARD_S)], [Do.CANCEL]),
        ([(PRESENT, 0.0)], [("enter", 9.0), ("q", 9.1), ("backspace", 9.2)], ["refused"] * 3),
        ([(AMOUNT, 0.0)], [("5", 9.0), ("-", 9.2), ("3", 9.4)], [Press(Key.D5), "spoilt", "spoilt"]),
        ([(AMOUNT, 0.0)], [("-", 9.2), ("delete", 9.4), ("3", 9.5)], ["spoilt", Press(Key.CLEAR), Press(Key.D3)]),
    ],
    ids=[
        "a digit as the result stands there", "a moment before", "the rest of what was begun before",
        "another one", "of one amount", "meant for the amount", "too soon to be meant for it", "in time",
        "keys that are nothing here", "no key of an amount", "cleared",
    ],
)  # fmt: skip
def test_a_key_acts_on_the_screen_it_was_pressed_on(
    scenes: list[tuple[Scene, float]], keys: list[tuple[str, float]], becomes: list[Action | str]
) -> None:
    assert judged(scenes, keys) == becomes


def test_what_a_digit_brought_takes_the_enter_behind_it_at_once() -> None:
    scenes = [(RESULT, 0.0), (AMOUNT, 5.0)]
    assert judged(scenes, [("enter", 4.99), ("enter", 5.01)]) == ["refused", "refused"]
    assert judged(scenes, [("enter", 4.99), ("enter", 5.01)], by_digit=True) == [Do.CHARGE, Do.CHARGE]
