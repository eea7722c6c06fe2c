# SPDX-License-Identifier: Apache-2.0
"""When a phone leaves the reader: how far a whole payment comes, and that the next tap gives the same answer."""

import pytest

from pengpos.core.errors import CardLostError
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Authorises, read_reply
from pengpos.wire.session import CardSession
from sandbox.phone.field.manners import Gone, Manner, Says, Silence
from sandbox.phone.workbench import CNY_200, Bench
from sandbox.simulator.moments import Moment, manner_of


@pytest.fixture
def paying() -> Bench:
    """A wallet whose owner pays anything unasked."""
    bench = Bench()
    bench.give_new(allowance=CNY_200)
    bench.store.set_balance("CNY", None)
    return bench


def pay(bench: Bench, manner: Manner) -> tuple[list[str], bytes | None]:
    """The steps of a payment that the terminal completes, and the reply it got."""
    phone, done, reply = bench.phone(manner), list[str](), None

    def transceive(command: bytes, _timeout_s: float) -> bytes:
        match phone.exchange(command):
            case Says(data=data):
                return data
            case Gone() | Silence():
                raise CardLostError

    phone.power_cycle()
    session = CardSession(transceive, lambda: 0.0)
    try:
        session.select()
        done.append("select")
        reply = session.present(bench.till.presentation())
        done.append("present")
        if session.push_result(bench.till.receipt(Outcome.APPROVED)):
            done.append("receipt")
    except CardLostError:
        pass
    return done, reply


@pytest.mark.parametrize(
    ("moment", "steps", "signed", "receipt_kept"),
    [
        (Moment.NEVER, ["select", "present", "receipt"], True, True),
        (Moment.AT_ONCE, ["select"], False, False),
        (Moment.IN_REPLY, ["select"], True, False),
        (Moment.BEFORE_RECEIPT, ["select", "present"], True, False),
    ],
)
def test_how_far_it_comes(moment: Moment, steps: list[str], signed: bool, receipt_kept: bool, paying: Bench) -> None:
    done, _ = pay(paying, manner_of(moment))
    assert done == steps
    history = paying.store.history()
    assert bool(history) is signed
    assert (bool(history) and history[0].outcome is Outcome.APPROVED) is receipt_kept


@pytest.mark.parametrize("moment", Moment)
def test_the_next_tap_pays_once(moment: Moment, paying: Bench) -> None:
    pay(paying, manner_of(moment))
    _, reply = pay(paying, manner_of(Moment.NEVER))
    assert reply is not None
    assert moment is Moment.NEVER or isinstance(read_reply(reply), Authorises)
    assert len(paying.store.history()) == 1


@pytest.mark.parametrize("moment", [moment for moment in Moment if moment is not Moment.NEVER])
def test_it_leaves_in_every_stay_at_the_same_moment(moment: Moment, paying: Bench) -> None:
    manner = manner_of(moment)
    assert pay(paying, manner)[0] == pay(paying, manner)[0]
