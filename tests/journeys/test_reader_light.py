# SPDX-License-Identifier: Apache-2.0
"""What a reader with a light and a buzzer of its own shows: what came of this phone's tap, and nothing nobody knows."""

from dataclasses import replace

from pengpos.core.ports import Signal
from pengpos.wire.objects.authorisation import Funding
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.owner import Owner
from tests.support.counter import ALL_IN, Counter
from tests.support.road import refuses


def shown(counter: Counter) -> list[Signal]:
    """Once the reader looks at its field again, nothing more comes of the tap."""
    counter.look_round()
    return counter.fields[0].shown


def test_approved(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("18.80"), phone, "approved")
    assert shown(counter) == [Signal.APPROVED]


def test_taken_offline_is_not_shown_as_approved(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    counter.tap(counter.present("18.80"), phone, "accepted_offline")
    assert shown(counter) == [Signal.ACCEPTED_OFFLINE]


def test_declined_by_the_backend(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("18.05"), phone, "declined")
    assert shown(counter) == [Signal.REFUSED]


def test_refused_by_the_terminal(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = replace(phone.owner, funding=Funding.SHARED_PURSE)
    counter.lose_the_backend()
    counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert shown(counter) == [Signal.REFUSED]


def test_refused_by_the_shopper(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = replace(ALL_IN, says_no=True)
    counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert shown(counter) == [Signal.REFUSED]


def test_a_phone_that_asks_its_owner_has_come_to_no_outcome(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = Owner()
    counter.tap(counter.present("18.80"), phone, lambda seen: seen.prompt == "confirm")
    assert shown(counter) == []


def test_unknown_is_never_shown_as_paid_nor_as_failed(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(refuses(), "*", "/v1/(payments|intents).*")
    hasty.tap(hasty.present("18.80"), phone, "unknown")
    assert shown(hasty) == []
