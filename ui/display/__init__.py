# SPDX-License-Identifier: Apache-2.0
"""The display and its inputs: window, touches, threads, sleep, and the view in a browser.

Reading order: threads, touch, wakeup, window, remote.
"""

__all__ = ["remote", "threads", "touch", "window"]
