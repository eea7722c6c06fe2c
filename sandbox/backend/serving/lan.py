# SPDX-License-Identifier: Apache-2.0
"""Serves phones in the same network: the authority to install, and the words about it for the operator."""

from fastapi import APIRouter, Response

from sandbox.backend.serving.certificates import ServerIdentity

PATH = "/authority.crt"


def router(identity: ServerIdentity) -> APIRouter:
    """The authority's certificate for phones, by the media type that makes them offer to install it."""
    content = identity.authority.read_bytes()
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def authority() -> Response:
        """The authority's certificate."""
        return Response(content, media_type="application/x-x509-ca-cert", headers={"Cache-Control": "no-store"})

    return routes


def notice(origin: str, identity: ServerIdentity) -> str:
    """How a phone and a terminal come here, and what the certificate is worth."""
    return f"""
Phones in this network reach this sandbox at {origin}

  The certificate was made on this machine, and nobody has vouched for it. So a phone warns, rightly. Either
  compare what it shows under "details" with this SHA-256 fingerprint, and go on if it is the same:
      {identity.fingerprint}
  or, to be warned no more, open {origin}{PATH} on the phone and install it as a CA
  certificate (iPhone: then also Settings, General, About, Certificate Trust Settings). It can vouch for
  private addresses and .local names only. Remove it when you are done.

  A terminal:  pengpos enrol --backend {origin} --root {identity.authority}

"""
