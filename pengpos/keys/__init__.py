# SPDX-License-Identifier: Apache-2.0
"""The device key behind `core.ports.Signer`: a file today; and the PINs of operators. Knows nothing of what is signed.

Reading order: private_file, two_copies, last_heard, sealed, software, file, pin.
"""

__all__ = ["file", "last_heard", "pin", "private_file", "sealed", "software", "two_copies"]
