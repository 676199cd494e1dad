"""Criteria beside the money: an option that comes or goes changes no order among the others."""

from hypothesis import given
from hypothesis import strategies as st

from advisor.core.criteria import additive_value, turning_weight

scores = st.lists(st.floats(0, 10), min_size=4, max_size=4)
weights = st.lists(st.floats(0.1, 10), min_size=4, max_size=4)


@given(options=st.lists(scores, min_size=3, max_size=6), asked=weights, shrink=st.floats(0, 1))
def test_a_dominated_option_changes_no_order(options, asked, shrink):
    before = [additive_value(option, asked) for option in options]
    dominated = [score * shrink for score in options[0]]
    after = [additive_value(option, asked) for option in [*options, dominated]]
    assert after[:-1] == before
    assert after[-1] <= before[0]


@given(mine=scores, other=scores, asked=weights, index=st.integers(0, 3))
def test_a_weight_beyond_the_turning_one_changes_who_is_first(mine, other, asked, index):
    turn = turning_weight(mine, other, asked, index)
    if turn is None or turn > 9.0 or abs(mine[index] - other[index]) < 0.01:
        return

    def lead(weight: float) -> float:
        moved = [*asked[:index], weight, *asked[index + 1 :]]
        return additive_value(mine, moved) - additive_value(other, moved)

    assert lead(turn - turn / 2) * lead(turn + 1.0) <= 1e-9
