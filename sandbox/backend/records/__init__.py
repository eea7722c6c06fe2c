# SPDX-License-Identifier: Apache-2.0
"""Tables, migrations, transactions, ids and times: what the backend keeps.

Reading order: tables, database, ids, times, seed.
"""

__all__ = ["database", "ids", "seed", "tables", "times"]
