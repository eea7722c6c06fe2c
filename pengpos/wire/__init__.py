# SPDX-License-Identifier: Apache-2.0
"""The bytes of the tap: strict CBOR and COSE, APDUs, the card session. Bytes in, values out; no clock, no I/O."""
