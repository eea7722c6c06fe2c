# SPDX-License-Identifier: Apache-2.0
"""What leaves the journal for other hands: the sealed export, its acknowledgement, and the mirror.

Reading order: unsent, export, acknowledgement, mirror_file, mirror.
"""

__all__ = ["acknowledgement", "export", "mirror", "unsent"]
