# SPDX-License-Identifier: Apache-2.0
"""Tables, migrations, transactions, ids and times. The lowest floor of the backend."""
