# SPDX-License-Identifier: Apache-2.0
"""Money that several people share: purses and splits."""
