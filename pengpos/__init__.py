# SPDX-License-Identifier: Apache-2.0
"""The ground: what every part speaks. Core, wire, keys and the two APIs; may be imported by strangers.

Reading order: home, system_clock, core, names, origins, i18n, words, click_words, console, whole_calls, client, wire,
backend_api, keys, serving.
"""

__all__ = [
    "__version__",
    "backend_api",
    "client",
    "console",
    "core",
    "home",
    "i18n",
    "keys",
    "names",
    "origins",
    "serving",
    "system_clock",
    "whole_calls",
    "wire",
]

__version__ = "0.1.0"
