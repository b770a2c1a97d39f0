"""The command line as a user calls it, warnings being errors."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-W", "error", "-m", "analytics", *arguments], cwd=ROOT, capture_output=True, text=True)
