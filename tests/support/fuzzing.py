"""How many examples the tests in `tests/fuzz` try."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def short(examples: int = 60, **options: Any) -> settings:
    """Return the settings of a short test, whose examples are the same in each run."""
    return settings(max_examples=examples, derandomize=True, database=None, suppress_health_check=_CHECKS, **options)


def long(**options: Any) -> settings:
    """Return the settings of a test that is started by hand."""
    examples = int(os.environ.get("POLYROUTE_TEST_FUZZ_EXAMPLES", "5000"))
    return settings(max_examples=examples, derandomize=False, suppress_health_check=_CHECKS, **options)
