"""What the tests share."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))  # the tests of the tools import them by name


@pytest.fixture
def root():
    return ROOT
