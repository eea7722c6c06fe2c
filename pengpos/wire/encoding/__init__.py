# SPDX-License-Identifier: Apache-2.0
"""Deterministic CBOR, COSE, keys and typed fields: the encodings under every object of the tap.

Reading order: base64url, cbor, fields, keys, cose.
"""

__all__ = ["base64url", "cbor", "cose", "fields", "keys"]
