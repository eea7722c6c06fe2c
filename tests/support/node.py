# SPDX-License-Identifier: Apache-2.0
"""The Node that Playwright brings, to run a script outside a browser and to read scripts with the parser in it."""

import json
import subprocess
from pathlib import Path
from typing import Any


def evaluated(script: str, given: object = None, *options: str, kind: str = "module") -> Any:
    """What `script` prints, as JSON; `given` stands on its standard input, as JSON too."""
    import playwright

    node = Path(playwright.__file__).parent / "driver" / "node"
    command = [str(node), *options, f"--input-type={kind}", "-e", script]  # the environment's own program
    ran = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)
