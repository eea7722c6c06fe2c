# SPDX-License-Identifier: Apache-2.0
"""What a phone reads from us: NDEF presenters."""
