# SPDX-License-Identifier: Apache-2.0
"""Every screen and page as a picture.

Reading order: pages, screens.
"""

__all__ = ["pages", "screens"]
