# SPDX-License-Identifier: Apache-2.0
"""The JSON of the three APIs as shapes, and errors as problem documents.

Reading order: problems, members, terminal_shapes, heartbeat_shapes, bill_shapes, wallet_shapes, campaign_shapes,
admin_shapes, operator_shapes, import_shapes.
"""

__all__ = [
    "admin_shapes",
    "bill_shapes",
    "heartbeat_shapes",
    "import_shapes",
    "members",
    "operator_shapes",
    "problems",
    "terminal_shapes",
    "wallet_shapes",
]
