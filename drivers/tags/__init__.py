# SPDX-License-Identifier: Apache-2.0
"""What a phone reads at the terminal: one NDEF message behind `core.ports.TagPresenter`, by a chip or by a PN53x."""
