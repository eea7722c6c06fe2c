# SPDX-License-Identifier: Apache-2.0
"""`python -m terminal`: the same as `pengpos`, for processes that start each other."""

from terminal.cli import main
from terminal.parent import end_with_parent

end_with_parent()
main(prog_name="pengpos")
