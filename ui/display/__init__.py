# SPDX-License-Identifier: Apache-2.0
"""The display and its inputs: window, touches, keys, threads, sleep, and the view in a browser.

Reading order: threads, moments, keyboard, touch, wakeup, window, remote, reporter.
"""

__all__ = ["keyboard", "moments", "remote", "reporter", "threads", "touch", "window"]
