# SPDX-License-Identifier: Apache-2.0
"""PC/SC readers over pcscd behind `core.ports.Reader`.

Reading order: winscard, errors, slots, panel, link, conversation, reader, discovery.
"""

__all__ = ["discovery", "reader", "winscard"]
