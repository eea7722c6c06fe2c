# SPDX-License-Identifier: Apache-2.0
"""Tables, migrations, transactions, ids and times. The lowest floor of the backend.

Reading order: ids, tables, times, database, seed.
"""

__all__ = ["database", "ids", "seed", "tables", "times"]
