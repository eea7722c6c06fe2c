# SPDX-License-Identifier: Apache-2.0
"""The ground: what every part speaks. Core, wire, keys and the two APIs; may be imported by strangers."""
