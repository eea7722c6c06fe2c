# SPDX-License-Identifier: Apache-2.0
"""What screens are made of: text, shapes, buttons, keypad."""
