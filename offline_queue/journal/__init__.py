# SPDX-License-Identifier: Apache-2.0
"""The journal on the medium: SQLCipher file, writer thread, reader, projection, verification.

Reading order: failures, connection, recent, projection, schema, witness, files, verify, reading, reader, writer,
journal.
"""

__all__ = ["failures", "files", "journal", "reader", "writer"]
