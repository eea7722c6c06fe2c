# SPDX-License-Identifier: Apache-2.0
"""The local API for our own programs: its data classes and a client over the Unix socket. Knows no daemon.

Reading order: _models, _requests, _http.
"""

from pengpos.client._http import ApiProblem, DaemonAway, LocalClient, SaleEvent, StatusEvent
from pengpos.client._models import (
    AlarmView,
    CapsView,
    CardView,
    DayReport,
    DayView,
    Difference,
    DueView,
    Elsewhere,
    IntentView,
    LineView,
    LinkView,
    Problem,
    QueueView,
    ReaderView,
    ReasonView,
    RefundView,
    SalesPage,
    SaleView,
    ScreenView,
    Sentences,
    SessionView,
    Status,
    StepView,
    TerminalView,
)
from pengpos.client._requests import NewSale, NewSession, ScreenReport
from pengpos.home import Home
from pengpos.i18n import Language

__all__ = [
    "AlarmView",
    "ApiProblem",
    "CapsView",
    "CardView",
    "DaemonAway",
    "DayReport",
    "DayView",
    "Difference",
    "DueView",
    "Elsewhere",
    "Home",
    "IntentView",
    "Language",
    "LineView",
    "LinkView",
    "LocalClient",
    "NewSale",
    "NewSession",
    "Problem",
    "QueueView",
    "ReaderView",
    "ReasonView",
    "RefundView",
    "SaleEvent",
    "SaleView",
    "SalesPage",
    "ScreenReport",
    "ScreenView",
    "Sentences",
    "SessionView",
    "Status",
    "StatusEvent",
    "StepView",
    "TerminalView",
]
