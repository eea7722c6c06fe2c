# SPDX-License-Identifier: Apache-2.0
"""Ways in which a payment arrives: by tap, batch, page, a friend, a due, an import."""
