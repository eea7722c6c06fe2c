# SPDX-License-Identifier: Apache-2.0
"""What our HTTP servers have in common: bounds for connections, before any request is read, and for what is logged;
JSON that says each thing once.

Reading order: few_lines, connections, members.
"""

__all__ = ["connections", "few_lines", "members"]
