# SPDX-License-Identifier: Apache-2.0
"""The answer to select of an ISO 14443-4 Type A card: how large its frames are and how long it may think.

ATS  TL T0 [TA] [TB] [TC] [historical bytes]      ISO/IEC 14443-4 §5.2
  TL  its own length; 1 says nothing but that       T0  bits 7-5: TC, TB, TA follow; bits 4-1: FSCI
  TA  bit rates    TB  FWI in the high nibble, SFGI in the low    TC  bit 2: CID, bit 1: NAD
"""

from dataclasses import dataclass

from pengpos.core.errors import PengposError

FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
"""FSC and FSD by FSCI and FSDI; larger indices are reserved and read as the last of these."""

CARRIER_HZ = 13_560_000
FWT_MOST_S = 4096 * 2**14 / CARRIER_HZ
"""The longest frame waiting time, S(WTX) included: 4.95 s (§7.3)."""

_FSCI_DEFAULT = 2  # a card that says nothing takes 32 bytes
_FWI_DEFAULT = 4
_HAS_TA, _HAS_TB, _HAS_TC = 0x10, 0x20, 0x40


class AtsError(PengposError):
    """No card may answer RATS so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ats:
    """What a card said of itself; the standard's defaults where it said nothing."""

    frame_size: int = FRAME_SIZES[_FSCI_DEFAULT]
    """FSC: the largest frame the card takes, bytes, with PCB and CRC."""
    frame_waiting_time_s: float = 4096 * 2**_FWI_DEFAULT / CARRIER_HZ
    start_up_guard_s: float = 0.0
    """SFGT: how long to leave the card alone before the first block."""
    takes_cid: bool = True
    historical: bytes = b""


def read_ats(raw: bytes) -> Ats:
    """Read a card's answer to RATS; short ones are legal. Raises AtsError."""
    if not raw or raw[0] != len(raw):
        raise AtsError("an ATS whose length byte is not its length")
    if len(raw) == 1:
        return Ats()
    t0, rest = raw[1], raw[2:]
    interface: dict[int, int] = {}
    for flag in (_HAS_TA, _HAS_TB, _HAS_TC):
        if t0 & flag:
            if not rest:
                raise AtsError("an ATS that announces more than it has")
            interface[flag], rest = rest[0], rest[1:]
    tb = interface.get(_HAS_TB, _FWI_DEFAULT << 4)
    return Ats(
        frame_size=frame_size(t0 & 0x0F),
        frame_waiting_time_s=_waiting_time_s(tb >> 4),
        start_up_guard_s=_waiting_time_s(tb & 0x0F) if 0 < tb & 0x0F < 15 else 0.0,
        takes_cid=bool(interface.get(_HAS_TC, 0x02) & 0x02),
        historical=rest,
    )


def frame_size(index: int) -> int:
    """FSC or FSD in bytes."""
    return FRAME_SIZES[min(index, len(FRAME_SIZES) - 1)]


def _waiting_time_s(index: int) -> float:
    """FWT and SFGT; 15 is reserved and read as the default 4 (§5.2.5)."""
    return (4096 << (index if index < 15 else _FWI_DEFAULT)) / CARRIER_HZ
