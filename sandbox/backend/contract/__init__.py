# SPDX-License-Identifier: Apache-2.0
"""The JSON of the three APIs as shapes, and errors as problem documents."""
