"""When a new version is taken back: only with enough requests, and only when it is worse by the stated factor."""

import pytest

from serving.canary import CanaryRule, Outcomes

RULE = CanaryRule(min_requests=20, error_factor=2, latency_factor=1.5)


def outcomes(good, failed=0, seconds=1.0):
    made = Outcomes()
    for _ in range(good):
        made.note(failed=False, duration_s=seconds)
    for _ in range(failed):
        made.note(failed=True, duration_s=0)
    return made


@pytest.mark.parametrize(
    ("new", "old", "broken"),
    [
        (outcomes(0, failed=19), outcomes(100), None),  # too few to conclude anything
        (outcomes(0, failed=20), outcomes(100), "100.0% of 20 requests failed, more than the 2.0% allowed"),
        (outcomes(100, failed=2), outcomes(100), None),  # 1.96 % is within twice the floor of 1 %
        (outcomes(90, failed=10), outcomes(90, failed=10), None),  # as bad as the old one
        (outcomes(78, failed=22), outcomes(90, failed=10), "22.0% of 100"),
        (outcomes(20, seconds=1.5), outcomes(20), None),
        (outcomes(20, seconds=1.6), outcomes(20), r"P95 1\.600 s over 20 requests, against 1\.000 s"),
        (outcomes(20, seconds=9.0), outcomes(19), None),  # nothing to compare with
    ],
)
def test_the_rule(new, old, broken):
    found = RULE.broken(new=new, old=old)
    if broken is None:
        assert found is None
    else:
        import re

        assert re.search(broken, found)


def test_only_the_last_requests_count():
    made = outcomes(0, failed=500)
    for _ in range(1000):
        made.note(failed=False, duration_s=1)
    assert made.error_fraction == 0
