# SPDX-License-Identifier: Apache-2.0
"""A payment backend and phones to develop, show and test against. Never on a device that sells."""
