# SPDX-License-Identifier: Apache-2.0
"""Every answer to select there may be, the short ones among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.isodep.ats import FRAME_SIZES, FWT_MOST_S, Ats, AtsError, read_ats

MS = 1e-3


@pytest.mark.parametrize(
    ("raw", "frame_size", "fwt_ms"),
    [
        pytest.param("01", 32, 4.8, id="nothing but its length"),
        pytest.param("0208", 256, 4.8, id="frame size only"),
        pytest.param("031880", 256, 4.8, id="TA only"),
        pytest.param("032881", 256, 77.3, id="TB only"),
        pytest.param("034802", 256, 4.8, id="TC only"),
        pytest.param("04688102", 256, 77.3, id="no TA: TB is not TC"),
        pytest.param("0578807002", 256, 38.7, id="all three"),
        pytest.param("067880E002AA", 256, 4949, id="FWI 14"),
        pytest.param("0578 80 F0 02", 256, 4.8, id="FWI 15 is reserved: the default"),
        pytest.param("020F", 256, 4.8, id="FSCI beyond 8"),
        pytest.param("0200", 16, 4.8, id="the smallest frames"),
        pytest.param("0575339200", 64, 154.7, id="a PN532's own firmware"),
        # As people have shown them in public by libnfc's nfc-list, which leaves TL out.
        pytest.param("067577810280", 64, 77.3, id="DESFire"),
        pytest.param("0578005002", 256, 9.7, id="a student card"),
        pytest.param("1478807402 0031C173C8211064474D3133009000", 256, 38.7, id="a credit card"),
        pytest.param("107880B002 20900000000000 8645C49F", 256, 618.6, id="a door card, SAK 28"),
        pytest.param(
            "147577810280 4F0CA00000030603000300000000", 64, 77.3, id="with historical bytes of a memory card"
        ),
    ],
)
def test_what_a_card_says_of_itself(raw: str, frame_size: int, fwt_ms: float) -> None:
    ats = read_ats(bytes.fromhex(raw))
    assert ats.frame_size == frame_size
    assert ats.frame_waiting_time_s == pytest.approx(fwt_ms * MS, rel=0.01)


@pytest.mark.parametrize(
    ("raw", "guard_ms"), [("0578807100", 0.6), ("0578807000", 0.0), ("057880FF00", 0.0), ("0578807E00", 4949)]
)
def test_how_long_it_wants_to_be_left_alone(raw: str, guard_ms: float) -> None:
    assert read_ats(bytes.fromhex(raw)).start_up_guard_s == pytest.approx(guard_ms * MS, rel=0.01)


@pytest.mark.parametrize(
    ("raw", "takes_cid"), [("01", True), ("0578807000", False), ("0578807002", True), ("031880", True)]
)
def test_whether_it_takes_a_cid(raw: str, takes_cid: bool) -> None:
    assert read_ats(bytes.fromhex(raw)).takes_cid is takes_cid


@pytest.mark.parametrize("raw", ["", "00", "02", "0278 80", "0478 80 70", "0378", "02 78", "03 78 80"])
def test_what_no_card_may_answer(raw: str) -> None:
    with pytest.raises(AtsError):
        read_ats(bytes.fromhex(raw))


@given(st.binary(max_size=40))
def test_any_answer_is_read_or_refused(raw: bytes) -> None:
    try:
        ats = read_ats(raw)
    except AtsError:
        return
    assert isinstance(ats, Ats)
    assert ats.frame_size in FRAME_SIZES
    assert 0 <= ats.start_up_guard_s <= FWT_MOST_S
    assert 0 < ats.frame_waiting_time_s <= FWT_MOST_S
