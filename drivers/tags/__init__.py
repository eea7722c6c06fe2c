# SPDX-License-Identifier: Apache-2.0
"""What a phone reads at the terminal: one NDEF message behind `core.ports.TagPresenter`, by a chip or by a PN53x.

Reading order: i2c, ndef, pn53x_tag, ntag_i2c, type4, chip.
"""

__all__ = ["chip", "i2c", "ndef", "ntag_i2c", "pn53x_tag", "type4"]
