# SPDX-License-Identifier: Apache-2.0
"""Taps: what a reader's field makes of what it sees, the card session, the judgement of a reply, and the tag.

Reading order: field_events, field_state, judge, fields, presentation, acceptance, reader_board, tag, tag_alarms.
"""

__all__ = ["acceptance", "fields", "reader_board", "tag", "tag_alarms"]
