# SPDX-License-Identifier: Apache-2.0
"""What the issuer signs, and every check of a signature or claim.

Reading order: issuer, judgement, request_signature.
"""

__all__ = ["issuer", "judgement", "request_signature"]
