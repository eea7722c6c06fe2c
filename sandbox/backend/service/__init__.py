# SPDX-License-Identifier: Apache-2.0
"""`pengpos backend`: the backend as a service of a machine, with operators and watchers at a listener of their own.

Reading order: settings, credentials, supervisor, json_lines, metrics, operations, service, cli.
"""

__all__ = []
