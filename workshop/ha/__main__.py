# SPDX-License-Identifier: Apache-2.0
"""`python -m workshop.ha`: rehearse, print what happened, and exit with 1 if a promise did not hold.

Where it may (as root), it runs in processes and networks of its own: nothing of the machine's is met by what it does
there, and nothing outlives it.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import click

from workshop.ha import faults
from workshop.ha.faults import Kind
from workshop.ha.judging import GOAL_S, Promise
from workshop.ha.network import Network
from workshop.ha.rehearsal import Rehearsal

_APART: Final = "--apart"
_UNSHARE: Final = ("unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child")
_FIRST: Final = ("bash", "-c", '"$@"; exit $?', "first")
"""The first process of a set of its own must take leave of those that have ended, which bash does."""


@click.command()
@click.option("--rounds", default=1, show_default=True, type=click.IntRange(1, 100), help="Each fault once a round.")
@click.option("--seed", type=int, default=None, help="The order of faults.  [default: the time]")
@click.option("--only", type=click.Choice([kind.name.lower() for kind in Kind]), multiple=True, help="These alone.")
@click.option("--payers", default=2, show_default=True, type=click.IntRange(1, 3), help="Terminals that only pay.")
@click.option("--tills", default=2, show_default=True, type=click.IntRange(0, 8), help="Whole terminals with phones.")
@click.option(_APART, is_flag=True, hidden=True, help="In processes and networks of its own already.")
@click.option("--keep", is_flag=True, help="Keep the logs and databases, whatever came of it.")
def main(
    *, rounds: int, seed: int | None, only: tuple[str, ...], payers: int, tills: int, keep: bool, apart: bool
) -> None:
    """Rehearse high availability on this machine; exit 0 only if every promise held."""
    if os.geteuid() == 0 and not apart:
        command = [*_UNSHARE, "--", *_FIRST, sys.executable, "-m", "workshop.ha", _APART, *sys.argv[1:]]
        os.execvp(command[0], command)  # noqa: S606  # no shell; the words are ours
    directory = Path(tempfile.mkdtemp(prefix="pengpos-ha-"))
    directory.chmod(0o711)  # the database's user passes through it
    drawn = int(time.time()) if seed is None else seed
    kinds = [Kind[name.upper()] for name in only] or list(Kind)
    plan = faults.plan(rounds, seed=drawn, kinds=kinds, networks=apart)
    click.echo(f"{len(plan)} faults, --seed {drawn}; logs in {directory}")
    if not apart:
        click.echo("  not root: no networks of their own; a machine that would be cut off is frozen")
    promises = _rehearse(Rehearsal(directory, Network(apart, directory)), plan, payers=payers, tills=tills)
    if holds := all(promise.holds for promise in promises):
        click.echo("every promise held")
    else:
        click.echo("a promise did not hold")
    if holds and not keep:
        shutil.rmtree(directory)
    else:
        click.echo(f"what all of them said is in {directory}")
    sys.exit(not holds)


def _rehearse(rehearsal: Rehearsal, plan: tuple[faults.Fault, ...], *, payers: int, tills: int) -> tuple[Promise, ...]:
    with rehearsal.stack:
        for line in rehearsal.run(plan, payers=payers, tills=tills):
            click.echo(line)
        click.echo("  everything comes to rest, and the day is settled")
        promises = rehearsal.promises()
        for line in _result(rehearsal, promises):
            click.echo(line)
    return promises


def _result(rehearsal: Rehearsal, promises: tuple[Promise, ...]) -> list[str]:
    acknowledged = sum(len(payer.acknowledged) for payer in rehearsal.payers)
    again = sum(payer.sent_again for payer in rehearsal.payers)
    lines = [f"{acknowledged} payments acknowledged; sent again without an answer: {again}"]
    lines += [f"{till.name}: {len(till.sales)} sales; seen at last as {till.states}" for till in rehearsal.tills]
    lines += [
        f"  {'holds ' if promise.holds else 'BROKEN'} {promise.what}: {promise.against}"
        + (f" ({promise.detail})" if promise.detail and not promise.holds else "")
        for promise in promises
    ]
    longest_s = max((outcome.gap_s for outcome in rehearsal.outcomes), default=0.0)
    met = "met" if longest_s <= GOAL_S else "missed"
    return [*lines, f"longest time without service {longest_s:.1f} s; goal {GOAL_S:g} s: {met}"]


if __name__ == "__main__":
    main()
