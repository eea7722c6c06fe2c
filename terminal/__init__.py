# SPDX-License-Identifier: Apache-2.0
"""The terminal: what a payment is, and the daemon that runs it."""
