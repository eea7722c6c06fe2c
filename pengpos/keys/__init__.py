# SPDX-License-Identifier: Apache-2.0
"""The device key behind `core.ports.Signer`: a file today; and the PINs of operators. Knows nothing of what is signed.

Reading order: private_file, two_copies, sealed, software, file, pin.
"""

__all__ = ["file", "pin", "private_file", "sealed", "software", "two_copies"]
