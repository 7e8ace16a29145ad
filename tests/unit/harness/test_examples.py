"""The settings of random tests."""

import pytest
from hypothesis import HealthCheck, settings


@pytest.mark.parametrize("profile", ["fixed", "vary"])
def test_random_tests_do_not_fail_on_a_busy_machine(profile: str) -> None:
    found = settings.get_profile(profile)

    assert HealthCheck.too_slow in found.suppress_health_check
    assert found.deadline is None
