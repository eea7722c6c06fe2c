# SPDX-License-Identifier: Apache-2.0
"""PC/SC readers over pcscd behind `core.ports.Reader`."""
