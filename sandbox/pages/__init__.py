# SPDX-License-Identifier: Apache-2.0
"""The shopper's pages: what a phone's browser opens after a tag or a QR code, and a receipt's address.

Plain HTML, CSS and ES modules in `static/`, without a build step; they pay by `/wallet/v1` and by nothing else. What
stands in a document before any script runs is written here, in the language that the browser asks for.

Reading order: documents, languages, parts, bundle.
"""

from pathlib import Path

__all__ = ["STATIC", "documents", "languages", "parts"]


STATIC = Path(__file__).parent / "static"
