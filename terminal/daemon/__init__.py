# SPDX-License-Identifier: Apache-2.0
"""Composition root of the device: config, wiring, runtime, local API. The only room that knows all it starts."""
