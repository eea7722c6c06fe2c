# SPDX-License-Identifier: Apache-2.0
"""The journal on the medium: SQLCipher file, writer thread, reader, projection, verification."""
