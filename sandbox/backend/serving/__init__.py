# SPDX-License-Identifier: Apache-2.0
"""The backend as a process: application, socket, certificates.

Reading order: certificates, pages, app, lan, server.
"""

__all__ = ["server"]
