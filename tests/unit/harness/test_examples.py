"""The settings of random tests."""

import pytest
from hypothesis import HealthCheck, settings


@pytest.mark.parametrize("profile", ["fixed", "vary"])
def test_no_random_test_fails_since_the_machine_is_busy(profile: str) -> None:
    found = settings.get_profile(profile)

    assert HealthCheck.too_slow in found.suppress_health_check
    assert found.deadline is None
