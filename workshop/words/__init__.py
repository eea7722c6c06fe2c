# SPDX-License-Identifier: Apache-2.0
"""The translator's workshop: from the keys in the code to catalogues, and from catalogues to what programs read.

`make words` runs `__main__`; `docs/translating.md` is for translators.

Reading order: program, catalogue, script_keys, keys, update, check.
"""

__all__ = []
