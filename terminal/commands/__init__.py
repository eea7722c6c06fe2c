# SPDX-License-Identifier: Apache-2.0
"""What `pengpos` starts: wiring and processes only; every decision is made in the rooms they start.

Reading order: console_words, hardware, queue, doctor_words, parts, technician, daemon.
"""

__all__ = ["console_words"]
