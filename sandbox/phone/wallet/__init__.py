# SPDX-License-Identifier: Apache-2.0
"""The wallet inside a virtual phone: applet, keys, store, and what its owner sets and sees."""
