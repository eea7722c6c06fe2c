# SPDX-License-Identifier: Apache-2.0
"""Sample sales, journals, screens and pages for benches, galleries and tests. Nothing in them is real.

Reading order: journal, pages, sales, shop, office, screens.
"""

__all__ = ["journal", "pages", "screens"]
