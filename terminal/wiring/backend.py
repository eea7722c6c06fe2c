# SPDX-License-Identifier: Apache-2.0
"""The parts on the way to the backend, and those that take what it says by itself.

Tests: tests/terminal/test_app.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import httpx

from pengpos.backend_api.calls import Calls
from pengpos.backend_api.signing import RequestSigner
from pengpos.client import Status
from terminal.backend.answers import Answers
from terminal.backend.confirmation_secret import ConfirmationSecrets
from terminal.backend.endings import Terms
from terminal.backend.events import BackendEvents
from terminal.backend.gateway import BackendGateway
from terminal.backend.heartbeat import Heartbeat
from terminal.backend.link import Follower, Link, PlaceInStream
from terminal.backend.renewal import Renewal
from terminal.backend.upkeep import Documents, Upkeep
from terminal.device.identity import CurrentIdentity
from terminal.sales.offline import NewestPolicy
from terminal.sales.open_sales import OpenSales
from terminal.standing.orders import Orders
from terminal.standing.standing import CurrentStanding
from terminal.standing.told_alarms import ToldAlarms
from terminal.wiring.device import DeviceParts
from terminal.wiring.surroundings import Surroundings

LIMITS = httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendParts:
    """The way to the backend, and what comes along it unasked."""

    client: httpx.AsyncClient
    link: Link
    answers: Answers
    gateway: BackendGateway
    follower: Follower
    place_in_stream: PlaceInStream
    policy: NewestPolicy
    documents: Documents
    renewal: Renewal
    confirmation_secrets: ConfirmationSecrets
    standing: CurrentStanding


def make_backend(
    given: Surroundings,
    device: DeviceParts,
    *,
    link_changed: Callable[[], None],
    stream_opened: Callable[[], None],
    standing: CurrentStanding,
    revoked: Callable[[], None],
    standing_said: Callable[[str], None],
) -> BackendParts:
    """Make the way to the backend. The callables return at once; `revoked`: a call was answered that we are;
    `standing_said`: an answer says, unsigned, whether we may sell.
    """
    policy = NewestPolicy(device.identity)
    client = httpx.AsyncClient(
        base_url=device.identity().backend,
        auth=RequestSigner(device.signer, device.clock.now, covers_headers=lambda: policy.signs_answers),
        trust_env=False,
        transport=given.transport,
        limits=LIMITS,
    )
    link = Link(device.clock, link_changed)
    calls = Calls(
        client,
        issuers=device.identity.issuers,
        signs_answers=lambda: policy.signs_answers,
        unsigned=link.unsigned,
        heard=link.heard,
        lost=link.lost,
        opened=stream_opened,
        revoked=revoked,
        standing_said=standing_said,
        events_heard=link.events_heard,
        time_signed=device.time.issuer_signed,
    )
    answers = Answers(partial(terms_of, device.identity, policy), clock=device.clock)
    gateway = BackendGateway(calls, answers, clock=device.clock, deadlines=given.deadlines)
    place = PlaceInStream(given.home.last_event)
    return BackendParts(
        client=client,
        link=link,
        answers=answers,
        gateway=gateway,
        follower=Follower(link, gateway, device.clock, place),
        place_in_stream=place,
        policy=policy,
        documents=Documents(
            identity=device.identity,
            journal=device.journal,
            backend=gateway,
            clock=device.clock,
            time=device.time,
            policy=policy,
            standing=standing,
            heard=device.heard,
            alarms=ToldAlarms(device.alarms),
            changed=device.publisher.changed,
        ),
        confirmation_secrets=ConfirmationSecrets(
            identity=device.identity,
            journal=device.journal,
            backend=gateway,
            clock=device.clock,
            heard=device.heard,
        ),
        renewal=Renewal(
            identity=device.identity,
            enrolment=given.home.enrolment,
            backend=gateway,
            clock=device.clock,
            alarms=device.alarms,
        ),
        standing=standing,
    )


def terms_of(identity: CurrentIdentity, policy: NewestPolicy) -> Terms:
    """What answers are held against as of this moment; the policy only ever comes signed and newer."""
    here = identity()
    origins = (here.backend, *([policy.public_origin] if policy.public_origin else []))
    return Terms(
        issuers=here.issuers,
        terminal_id=here.terminal_id,
        signs_endings=policy.signs_endings,
        signs_settlements=policy.signs_settlements,
        origins=origins,
    )


def make_upkeep(
    device: DeviceParts,
    backend: BackendParts,
    orders: Orders,
    *,
    status: Callable[[], Awaitable[Status]],
    restored: Callable[[], None],
) -> Upkeep:
    """What is looked after once a minute. `restored`: the journal turned out to be an old copy."""
    heartbeat = Heartbeat(
        identity=device.identity,
        journal=device.journal,
        backend=backend.gateway,
        clock=device.clock,
        status=status,
        denylist_version=lambda: backend.documents.denylist_version,
        restored=restored,
        orders=orders,
        time_confirmed=device.time.confirmed_at,
    )
    return Upkeep([
        ("policy", backend.documents.fetch_policy),
        ("denylist", backend.documents.fetch_denylist),
        ("heartbeat", heartbeat.report),
        ("credential", backend.renewal.renew_if_due),
        ("confirmation secret", backend.confirmation_secrets.renew),
        ("place in the event stream", backend.place_in_stream.keep),
    ])  # fmt: skip


def make_backend_events(
    device: DeviceParts, backend: BackendParts, open_sales: OpenSales, upkeep: Upkeep
) -> BackendEvents:
    """What takes the backend's own events."""
    events = BackendEvents(
        open_sales=open_sales,
        journal=device.journal,
        backend=backend.gateway,
        answers=backend.answers,
        signs_answers=lambda: backend.policy.signs_answers,
        documents_changed=upkeep.hint,
        alarmed=ToldAlarms(device.alarms).heard,
    )
    backend.place_in_stream.keep_only_while(lambda: events.all_taken_in)
    return events
