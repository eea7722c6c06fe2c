# SPDX-License-Identifier: Apache-2.0
"""What a phone reads at the terminal: one NDEF message behind `core.ports.TagPresenter`, by a chip or by a PN53x.

Reading order: ndef, type4, pn53x_tag, i2c, ntag_memory, ntag_protection, ntag_i2c, chip.
"""

__all__ = ["chip", "i2c", "ndef", "ntag_memory", "ntag_protection", "pn53x_tag", "type4"]
