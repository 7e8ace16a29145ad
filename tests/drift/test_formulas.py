"""The formulas, beside Evidently, NannyML and scipy on fixed tables, and against what is known of distributions."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from drift.conftest import DATA, loaded
from trackside.drift import comparison, signals, sums, tables
from trackside.drift.comparison import ColumnResult
from trackside.drift.signals import Signal

EXPECTED = json.loads((DATA / "expected.json").read_text())
NUMERIC = {
    "w1": ("wasserstein", signals.PLAIN),
    "w1_over_pop_sd": ("wasserstein", signals.BY_POPULATION_SD),
    "w1_over_sample_sd": ("wasserstein", signals.BY_SAMPLE_SD),
    "energy": ("energy", signals.PLAIN),
    "js_e_sturges": ("jensen_shannon", signals.JS_EVIDENTLY),
    "js_2_azure": ("jensen_shannon", signals.JS_AZURE),
    "js_2_doane": ("jensen_shannon", signals.JS_NANNYML),
    "psi_sturges_fill": ("psi", signals.PSI_EVIDENTLY),
    "psi_azure": ("psi", signals.PSI_AZURE),
    "psi_deciles_eps1e-4": ("psi", signals.PSI_DECILES),
    "kl_sturges_fill": ("kullback_leibler", signals.KL_EVIDENTLY),
    "hellinger_doane": ("hellinger", signals.HELLINGER_NANNYML),
    "ks_stat": ("ks", signals.TWO_SAMPLES),
}
CATEGORY = {
    "js_e": ("jensen_shannon", signals.BY_VALUE_NATURAL),
    "js_2": ("jensen_shannon", signals.BY_VALUE_BASE_2),
    "psi_fill": ("psi", signals.BY_VALUE_FILLED),
    "psi_azure": ("psi", signals.BY_VALUE_SMOOTHED),
    "kl_fill": ("kullback_leibler", signals.BY_VALUE_FILLED),
    "hellinger": ("hellinger", signals.BY_VALUE),
    "l_inf": ("l_infinity", signals.BY_VALUE),
    "tvd": ("total_variation", signals.BY_VALUE),
    "cramers_v": ("cramers_v", signals.BY_VALUE),
    "chi2_gof_p": ("chi2_fit_p", signals.FIT),
    "chi2_contingency_stat": ("chi2", signals.CONTINGENCY),
    "chi2_contingency_nocorr_stat": ("chi2", signals.CONTINGENCY_PLAIN),
}
P_VALUES = {
    "ks_p": ("ks", signals.TWO_SAMPLES),
    "chi2_contingency_p": ("chi2", signals.CONTINGENCY),
    "chi2_contingency_nocorr_p": ("chi2", signals.CONTINGENCY_PLAIN),
}
OF_NANNYML = {
    "numeric": {
        "jensen_shannon": "js_2_doane", "hellinger": "hellinger_doane", "kolmogorov_smirnov": "ks_stat", "wasserstein": "w1",
    },
    "category": {
        "jensen_shannon": "js_2", "hellinger": "hellinger", "l_infinity": "l_inf", "chi2": "chi2_contingency_stat",
    },
}  # fmt: skip


def result(key: str, rules: str = "default") -> ColumnResult:
    name, column = key.split("/")
    return next(each for each in comparison.compare(*loaded(name), rules).columns if each.name == column)


def signal(found: ColumnResult, where: tuple[str, str]) -> Signal:
    one = signals.value_of(found.signals, *where)
    assert one is not None, where
    return one


def test_the_euclidean_distance_of_categories_is_that_of_their_shares() -> None:
    x, y = np.array([5.0, 5.0, 0.0]), np.array([4.0, 8.0, 8.0])  # shares 0.5, 0.5, 0 and 0.2, 0.4, 0.4

    shifted, same = (signals.value_of(signals.by_counts(x, each), "euclidean", signals.BY_VALUE) for each in (y, x))

    assert shifted is not None
    assert shifted.value == pytest.approx(np.sqrt(0.09 + 0.01 + 0.16))
    assert same is not None
    assert same.value == 0


def test_each_formula_has_the_value_of_the_tools(subtests: pytest.Subtests) -> None:
    for key in EXPECTED:
        with subtests.test(key=key):
            found, expected = result(key), EXPECTED[key]
            places = NUMERIC if found.kind == "numeric" else CATEGORY

            values = {
                name: signal(found, P_VALUES[name]).p_value if name in P_VALUES else signal(found, places[name]).value
                for name in expected["formulas"]
            }
            of_nannyml = {
                name: signal(found, places[OF_NANNYML[found.kind][name]]).value for name in expected["nannyml"]
            }

            assert values == pytest.approx(expected["formulas"], abs=1e-9)
            assert of_nannyml == pytest.approx(expected["nannyml"], abs=1e-9)


def test_evidentlys_rules_give_its_verdict(subtests: pytest.Subtests) -> None:
    for key in EXPECTED:
        with subtests.test(key=key):
            verdict, expected = result(key, "evidently").verdict, EXPECTED[key]["evidently"]

            assert verdict.drifted == expected["drifted"]
            assert verdict.value == pytest.approx(expected["score"], abs=1e-9)


def test_identical_data_give_exactly_zero(subtests: pytest.Subtests) -> None:
    for kind in ["normal", "few", "constant", "category", "one_row"]:
        with subtests.test(kind=kind):
            dice = np.random.default_rng(1)
            values: Any = {
                "normal": dice.normal(size=5000),
                "few": dice.integers(0, 4, 5000),
                "constant": np.full(100, 3.25),
                "category": dice.choice(["a", "b", "c"], 5000),
                "one_row": np.array([2.0]),
            }[kind]
            table = tables.of_arrow("t", pa.table({"x": values}))

            for rules in ("default", "azure-v2", "evidently"):
                (column,) = comparison.compare(table, table, rules).columns
                distances = {each.name: each.value for each in column.signals if each.name != "chi2_fit_p"}
                assert column.signals
                assert not column.verdict.drifted
                assert set(distances.values()) == {0.0}, distances


@pytest.mark.parametrize(
    ("shift", "ks", "psi", "js2"),
    [
        (0.3, 0.1192, 0.0861, 0.1267),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in ((0.1, 0.0399, 0.0096, 0.0424), (1.0, 0.3829, 0.9261, 0.4009))
        ),
    ],
)
def test_a_shifted_normal_column_has_the_values_of_theory(shift: float, ks: float, psi: float, js2: float) -> None:
    dice = np.random.default_rng(2)
    found = signals.numeric(
        sums.of_numbers(dice.normal(size=200_000)), sums.of_numbers(dice.normal(size=200_000) + shift)
    )

    def value(name: str, variant: str) -> float:
        one = signals.value_of(found, name, variant)
        assert one is not None
        return one.value

    assert value("ks", signals.TWO_SAMPLES) == pytest.approx(ks, abs=0.004)
    assert value("psi", signals.PSI_DECILES) == pytest.approx(psi, rel=0.08, abs=0.002)
    assert value("jensen_shannon", signals.JS_NANNYML) == pytest.approx(js2, rel=0.05, abs=0.004)
    assert value("wasserstein", signals.PLAIN) == pytest.approx(shift, abs=0.01)


@pytest.mark.slow
def test_the_contingency_test_alarms_at_its_nominal_rate_and_the_exact_reference_does_not() -> None:
    dice = np.random.default_rng(3)
    rates = np.zeros(2)
    for _ in range(400):
        counts = [dice.multinomial(1000, np.full(20, 0.05)).astype(float) for _ in range(2)]
        found = signals.by_counts(*counts)
        contingency = signals.value_of(found, "chi2", signals.CONTINGENCY)
        fit = signals.value_of(found, "chi2_fit_p", signals.FIT)
        assert contingency is not None and contingency.p_value is not None and fit is not None  # noqa: PT018  # one fact
        rates += [contingency.p_value < 0.05, fit.value < 0.05]

    assert rates[0] / 400 == pytest.approx(0.047, abs=0.035)
    assert rates[1] / 400 == pytest.approx(0.737, abs=0.07)
