# SPDX-License-Identifier: Apache-2.0
"""Routes of the terminal, shopper and operator APIs, and who is calling."""
