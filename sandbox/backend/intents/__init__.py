# SPDX-License-Identifier: Apache-2.0
"""Intents and how they stand: registered, claimed, paid, final, due."""
