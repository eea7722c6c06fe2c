# SPDX-License-Identifier: Apache-2.0
"""Sales while they are open: commands, the one place where a sale changes, and carrying effects out."""
