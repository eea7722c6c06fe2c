# SPDX-License-Identifier: Apache-2.0
"""A backend's refusal as it goes over the line: a problem document (backend API, "Rules for all of it")."""

import httpx


def problem(status: int, content: object) -> httpx.Response:
    """An error of this status with this for its problem document, whatever that is."""
    return httpx.Response(status, json=content, headers={"content-type": "application/problem+json"})
