# SPDX-License-Identifier: Apache-2.0
"""Taps: fields seen empty, the card session in a reader's thread, the judgement of a reply, and the tag.

Reading order: fields, presentation, reader_board, tag, acceptance.
"""

__all__ = ["acceptance", "fields", "reader_board", "tag"]
