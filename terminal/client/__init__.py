# SPDX-License-Identifier: Apache-2.0
"""The local API for our own programs: its data classes and a client over the Unix socket. Knows no daemon."""

from terminal.client._home import Home
from terminal.client._http import ApiProblem, DaemonAway, LocalClient, StatusEvent
from terminal.client._models import (
    AlarmView,
    CapsView,
    CardView,
    DayView,
    IntentView,
    Language,
    LineView,
    LinkView,
    NewSale,
    Problem,
    QueueView,
    ReaderView,
    ReasonView,
    RefundView,
    SaleView,
    Sentences,
    Status,
    StepView,
    TerminalView,
)

__all__ = [
    "AlarmView",
    "ApiProblem",
    "CapsView",
    "CardView",
    "DaemonAway",
    "DayView",
    "Home",
    "IntentView",
    "Language",
    "LineView",
    "LinkView",
    "LocalClient",
    "NewSale",
    "Problem",
    "QueueView",
    "ReaderView",
    "ReasonView",
    "RefundView",
    "SaleView",
    "Sentences",
    "Status",
    "StatusEvent",
    "StepView",
    "TerminalView",
]
