# SPDX-License-Identifier: Apache-2.0
"""`pengpos`: the one command; each subcommand imports what it needs when it runs."""

import click


@click.group()
def main() -> None:
    """碰一碰 tap-to-pay terminal."""
