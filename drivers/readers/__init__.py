# SPDX-License-Identifier: Apache-2.0
"""Contactless readers behind `core.ports.Reader`, and the supervisor that keeps them alive."""
