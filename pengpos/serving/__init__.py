# SPDX-License-Identifier: Apache-2.0
"""What our HTTP servers have in common: bounds for connections, before any request is read, for bodies and for logs;
JSON that says each thing once.

Reading order: few_lines, connections, bodies, members.
"""

__all__ = ["bodies", "connections", "few_lines", "members"]
