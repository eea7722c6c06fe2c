# SPDX-License-Identifier: Apache-2.0
"""The signed and unsigned objects of the tap: credential, intent, presentation, reply, receipt and what they carry.

Reading order: authorisation, credential, membership, receipt, reply, voucher, intent, presentation.
"""

__all__ = [
    "authorisation",
    "credential",
    "intent",
    "membership",
    "presentation",
    "receipt",
    "reply",
    "voucher",
]
