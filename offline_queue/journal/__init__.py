# SPDX-License-Identifier: Apache-2.0
"""The journal on the medium: SQLCipher file, writer thread, reader, projection, verification.

Reading order: connection, projection, schema, files, verify, reader, writer, journal.
"""

__all__ = ["files", "journal", "reader", "writer"]
