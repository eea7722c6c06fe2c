# SPDX-License-Identifier: Apache-2.0
"""What the issuer signs, and every check of a signature or claim.

Reading order: issuer, plain_signature, request_signature, proof_of_possession, judgement, liability, export_statement.
"""

__all__ = ["export_statement", "issuer", "judgement", "liability", "proof_of_possession", "request_signature"]
