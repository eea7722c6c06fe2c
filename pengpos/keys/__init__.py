# SPDX-License-Identifier: Apache-2.0
"""The device key behind `core.ports.Signer`: a file today. Knows nothing of what it signs.

Reading order: private_file, sealed, software, file.
"""

__all__ = ["file", "private_file", "sealed", "software"]
