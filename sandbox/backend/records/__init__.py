# SPDX-License-Identifier: Apache-2.0
"""Tables, migrations, transactions, ids and times: what the backend keeps.

Reading order: ids, tables, turns, together, postgres, hints, database, prepared, shelf, seed.
"""

__all__ = ["database", "hints", "ids", "prepared", "seed", "shelf", "tables", "together", "turns"]
