# SPDX-License-Identifier: Apache-2.0
"""`python -m terminal.programs`: the same as `pengpos`, for processes that start each other."""

from terminal.cli import main

main(prog_name="pengpos")
