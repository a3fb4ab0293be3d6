import numpy as np
from scipy import stats

from guanxi.simulate.randomness import Purpose, exponential, poisson, poisson_ladder, to_uniform, uniform, words


def test_the_first_words_are_pinned():
    assert words(7, Purpose.RATE, 0, 3).tolist() == [8893702929424106994, 13357943582879616415, 927023405073346982]


def test_seed_purpose_and_block_each_give_other_numbers():
    drawn = [
        tuple(words(seed, purpose, block, 4).tolist())
        for seed in (1, 2) for purpose in (Purpose.RATE, Purpose.SPEND) for block in (0, 1)
    ]  # fmt: skip
    assert len(set(drawn)) == 8


def test_a_longer_draw_begins_like_a_shorter_one():
    assert words(3, Purpose.NAME, 5, 100)[:10].tolist() == words(3, Purpose.NAME, 5, 10).tolist()


def test_uniforms_are_even_and_never_zero_or_one():
    drawn = uniform(11, Purpose.RATE, 0, 100_000)
    assert 0 < drawn.min() < drawn.max() < 1
    assert stats.kstest(drawn, "uniform").pvalue > 0.001


def test_poisson_is_the_quantile_of_the_poisson_law():
    chance = uniform(5, Purpose.ORDER_COUNT, 0, 30_000)
    means = np.repeat([0.0, 0.3, 40.0, 650.0], 7_500)
    assert np.array_equal(poisson(chance, means), stats.poisson.ppf(chance, means).clip(0))


def test_poisson_ends_for_the_most_extreme_uniform():
    nearly_one = to_uniform(np.array([2**64 - 1], dtype=np.uint64))
    assert nearly_one[0] < 1
    assert 20 < poisson(nearly_one, np.array([3.0]))[0] < 40


def test_the_ladder_holds_the_cumulated_poisson_law():
    assert np.allclose(poisson_ladder(3.0)[:20], stats.poisson.cdf(np.arange(20), 3.0))
    assert poisson_ladder(0.0).tolist() == [1.0] * 61


def test_exponential_has_the_mean_one():
    drawn = exponential(uniform(5, Purpose.LIFETIME, 0, 100_000))
    assert abs(drawn.mean() - 1) < 4 / 100_000**0.5
