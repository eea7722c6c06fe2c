# SPDX-License-Identifier: Apache-2.0
"""The wallet inside a virtual phone: applet, keys, store, and what its owner sets and sees.

Reading order: applet, keyring, owner, file, store, events, plan, wallet, promises.
"""

__all__ = ["applet", "events", "keyring", "owner", "promises", "store", "wallet"]
