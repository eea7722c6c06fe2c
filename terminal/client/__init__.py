# SPDX-License-Identifier: Apache-2.0
"""The local API for our own programs: its data classes and a client over the Unix socket. Knows no daemon."""
