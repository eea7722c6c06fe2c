# SPDX-License-Identifier: Apache-2.0
"""How a virtual phone is held to a reader: manners, presence over vpcd, and a PC/SC service of its own."""
