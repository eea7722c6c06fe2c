# SPDX-License-Identifier: Apache-2.0
"""Pixels: projects a snapshot to a screen, touches to calls. A client of the local API in its own process."""
