# SPDX-License-Identifier: Apache-2.0
"""The device key behind `core.ports.Signer`: a file today. Knows nothing of what it signs."""
