# SPDX-License-Identifier: Apache-2.0
"""The bytes of the tap: strict CBOR and COSE, APDUs, the card session. Bytes in, values out; no clock, no I/O.

Reading order: apdu, confirmation_code, encoding, objects, soundness, judge, session.
"""

__all__ = ["apdu", "confirmation_code", "encoding", "judge", "objects", "session", "soundness"]
