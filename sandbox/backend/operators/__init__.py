# SPDX-License-Identifier: Apache-2.0
"""Who runs the backend: operators and their tokens, the record of what they changed, and what takes a second person.

Reading order: roster, changes, second_person.
"""

__all__ = ["changes", "roster", "second_person"]
