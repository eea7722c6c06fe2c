# SPDX-License-Identifier: Apache-2.0
"""One module per screen; each projects a snapshot to drawing calls and hit areas."""
