# SPDX-License-Identifier: Apache-2.0
"""A complete payment backend: accounts, a double-entry ledger, the terminal, wallet and admin APIs."""
