"""What every command waits for at its start."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_only_a_command_that_reads_a_store_waits_for_its_driver() -> None:
    look = "import sys, services.cli.__main__; print('aiobotocore' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "False"
