# SPDX-License-Identifier: Apache-2.0
"""Words: one string table in three languages.

Reading order: phrase, words, format.
"""

__all__ = ["format", "phrase", "words"]
