# SPDX-License-Identifier: Apache-2.0
"""The backend as a process: application, socket, certificates.

Reading order: server, app, signed_answers, body_limit, pages, lan, certificates.
"""

__all__ = ["app", "server"]
