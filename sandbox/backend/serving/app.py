# SPDX-License-Identifier: Apache-2.0
"""Makes the applications: three APIs over one backend and the pages for phones, or the operators' API alone.

Tests: tests/sandbox/backend/api/test_routing.py, tests/sandbox/backend/serving/test_server.py
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.types import Lifespan

from sandbox.backend.api import problem_translation, terminal_api, wallet_api, wallet_sharing_api
from sandbox.backend.api.operator_side import admin_api, operators_api, postings_api, reviews_api
from sandbox.backend.api.routing import describe
from sandbox.backend.booking import sweep
from sandbox.backend.contract import problems
from sandbox.backend.kernel import events
from sandbox.backend.kernel.context import Backend
from sandbox.backend.serving import pages
from sandbox.backend.serving.body_limit import BodyLimit
from sandbox.backend.serving.signed_answers import SignedAnswers

PAGE_READERS = 8
"""Threads that read pages of events; requests have anyio's own, forty at most."""
SWEEP_EVERY_S = 1.0


_OF_EVERYBODY = (terminal_api.router, wallet_api.router, wallet_sharing_api.router)
_OF_OPERATORS = (admin_api.router, operators_api.router, postings_api.router, reviews_api.router)


def create_app(backend: Backend, *, sweeping: bool = True, operators: bool = True) -> FastAPI:
    """The ASGI application; `sweeping`: end holds, claims and intents by themselves while it runs.

    `operators`: whether their API is here too, and not at a listener of its own (`create_operators_app`).
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(PAGE_READERS, "events"))
        stop = threading.Event()
        rounds = {"look for events": (partial(events.look_if_need_be, backend), events.LOOK_EVERY_S)}
        hints = backend.db.hints
        if hints is not None:
            rounds["hear of events"] = (partial(events.hear, backend, hints), 0.0)
        if sweeping:
            rounds["sweep"] = (partial(sweep.sweep, backend), SWEEP_EVERY_S)
        keep_going = backend.threads.keep_going
        threads = [
            threading.Thread(
                target=keep_going, args=(name, do_round, stop, backend.clock), kwargs={"every_s": every_s}, name=name
            )
            for name, (do_round, every_s) in rounds.items()
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if hints is not None:
                hints.nudge()
            for thread in threads:
                thread.join()

    app = _application(backend, (*_OF_EVERYBODY, *(_OF_OPERATORS if operators else ())), lifespan)
    pages.install(app)
    app.add_middleware(BodyLimit)
    build = app.build_middleware_stack  # around all of it: a bug's 500 is sent by the outermost of the framework's own
    app.build_middleware_stack = lambda: SignedAnswers(build())  # type: ignore[method-assign]  # no other way there
    return app


def create_operators_app(backend: Backend) -> FastAPI:
    """The operators' API for a listener of its own, beside `create_app`, whose threads do the work."""
    app = _application(backend, _OF_OPERATORS)
    app.add_middleware(BodyLimit)
    return app


def _application(backend: Backend, routers: Iterable[APIRouter], lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    app = FastAPI(
        title="pengpos sandbox",
        version="1",
        summary="A payment backend to develop, demonstrate and test tap-to-pay terminals against",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever the Host says
    )
    app.state.backend = backend
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    problems.install(app)
    problem_translation.install(app)
    for router in routers:
        app.include_router(router)
    return app
