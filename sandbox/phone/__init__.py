# SPDX-License-Identifier: Apache-2.0
"""The virtual phone: the wallet of the tap protocol as a function APDU to APDU, and ways to hold it to a reader."""
