# SPDX-License-Identifier: Apache-2.0
"""Contactless readers behind `core.ports.Reader`, and the supervisor that keeps them alive.

Reading order: worker, choice, pcsc, pn53x, discovery, supervisor.
"""

__all__ = ["choice", "discovery", "pcsc", "pn53x", "supervisor"]
