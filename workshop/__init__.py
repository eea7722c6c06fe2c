# SPDX-License-Identifier: Apache-2.0
"""The roof: whole shops as processes, demo, simulator, benches, samples, galleries. Never on a device.

Reading order: processes, samples, simulator, gallery, words, shop, bench, ha, held, demo, prompt, doorplate, run.
"""

__all__ = ["gallery", "samples"]
