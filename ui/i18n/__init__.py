# SPDX-License-Identifier: Apache-2.0
"""Words: the messages of the screen, their catalogues, and money and times as people write them.

Reading order: words, languages, cldr, format, amount_words.
"""

__all__ = ["amount_words", "format", "languages", "words"]
