# SPDX-License-Identifier: Apache-2.0
"""A sale survives its bytes; bytes of a later version are read, bytes that are no sale are refused."""

from dataclasses import replace
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_queue.records.codec import UnreadableSaleError, decode_sale, decode_why, encode_sale
from offline_queue.values import IntentNumber
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.core.sale import DueState, Sale, SaleState
from workshop.samples import sales as core_samples
from workshop.samples.journal import SaleMaker

PLAIN: dict[object, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 2**63 - 1),
    str: st.text(max_size=12),
    bytes: st.binary(max_size=12),
    NoneType: st.none(),
    UUID: st.binary(min_size=16, max_size=16).map(lambda raw: UUID(bytes=raw)),
    Money: st.builds(Money, st.integers(0, AMOUNT_LIMIT_MINOR), st.sampled_from(("CNY", "JPY", "KWD"))),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Every value a field of this type can hold; an integer has 63 bits at most, like an epoch."""
    if hint in PLAIN:
        return PLAIN[hint]
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=3).map(tuple)
    if get_args(hint):
        return st.one_of([values_of(member) for member in get_args(hint)])
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return st.builds(hint, **{name: values_of(of) for name, of in get_type_hints(hint).items()})


sales = values_of(Sale)

SAMPLE = SaleMaker().approved(SaleMaker().authorised(SaleMaker().signed(IntentNumber(2**63 - 1, 1))))


@given(sale=sales, why=st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_every_sale_comes_back_as_it_was(sale: Sale, why: str) -> None:
    body = encode_sale(sale, why)
    assert (decode_sale(body), decode_why(body)) == (sale, why)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    why, fields, *_ = msgspec.msgpack.decode(encode_sale(SAMPLE, "x"))
    fields["loyalty"] = {"tier": "gold"}
    fields["intents"][0]["route"] = 7
    body = msgspec.msgpack.encode([why, fields, "a later member"])
    assert decode_sale(body) == SAMPLE


def test_a_field_an_earlier_version_did_not_write_takes_its_default() -> None:
    why, fields = msgspec.msgpack.decode(encode_sale(replace(SAMPLE, attempts=3), "x"))
    del fields["attempts"]
    assert decode_sale(msgspec.msgpack.encode([why, fields])).attempts == 0


DECLINED = core_samples.sale_in(
    SaleState.DECLINED_AT_SYNC, refusal=core_samples.refusal(core_samples.due(DueState.PAID))
)


def test_a_decline_of_before_there_were_dues_has_none() -> None:
    why, fields = msgspec.msgpack.decode(encode_sale(DECLINED, "x"))
    del fields["refusal"]["due"]
    assert decode_sale(msgspec.msgpack.encode([why, fields])) == replace(DECLINED, refusal=core_samples.refusal())


def test_a_due_is_a_member_of_its_own_that_an_earlier_version_passes_over() -> None:
    fields = msgspec.msgpack.decode(encode_sale(DECLINED))[1]
    before = msgspec.msgpack.decode(encode_sale(replace(DECLINED, refusal=core_samples.refusal())))[1]
    assert fields["refusal"].pop("due") == {"state": "paid", "amount_minor": core_samples.AMOUNT_MINOR}
    assert before["refusal"].pop("due") is None
    assert fields == before


def with_field(name: str, value: object) -> bytes:
    fields = msgspec.msgpack.decode(encode_sale(SAMPLE))[1]
    return msgspec.msgpack.encode(["", fields | {name: value}])


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", encode_sale(SAMPLE)[:-1], b"\x92\xa1x\x80", with_field("state", "levitating"),
     with_field("amount", {"minor": -1, "currency": "CNY"}), with_field("amount", {"minor": 1.5, "currency": "CNY"}),
     with_field("sale_id", "not a uuid")],
    ids=["empty", "garbage", "cut", "no fields", "state", "negative", "float", "id"],
)  # fmt: skip
def test_bytes_that_are_no_sale_are_refused(body: bytes) -> None:
    with pytest.raises(UnreadableSaleError, match="not a sale"):
        decode_sale(body)


def test_states_are_stored_under_their_own_words() -> None:
    assert msgspec.msgpack.decode(encode_sale(SAMPLE))[1]["state"] == SaleState.APPROVED.value
