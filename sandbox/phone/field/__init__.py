# SPDX-License-Identifier: Apache-2.0
"""How a virtual phone is held to a reader: manners, presence over vpcd, and a PC/SC service of its own.

Reading order: fake_vpcd, manners, reader_probe, reader_service, vpcd, hold, in_process.
"""

__all__ = ["hold", "in_process", "manners", "reader_service", "vpcd"]
