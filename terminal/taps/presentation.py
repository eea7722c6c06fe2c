# SPDX-License-Identifier: Apache-2.0
"""What we present ourselves, verified once: its two signature checks need not be paid while a phone waits.

Everything that could change the verdict is compared: the bytes, and the issuers by whom they were verified. Time is no
part of it, for `Presentation.read` judges all but time.
"""

from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.presentation import Presentation


class OwnPresentation:
    """The presentation verified last: one, since one sale at a time is presented. Used in the tap's thread."""

    def __init__(self) -> None:
        self._read: Presentation | None = None
        self._trusted: Issuers | None = None

    def read(self, raw: bytes, issuers: Issuers) -> Presentation:
        """As `Presentation.read`, which it asks unless these very bytes were verified by this very set of issuers."""
        if self._read is None or self._read.raw != raw or self._trusted is not issuers:
            self._read = None
            self._read, self._trusted = Presentation.read(raw, issuers), issuers
        return self._read
