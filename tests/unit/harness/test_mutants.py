"""The mutants of a sample, and the report about them."""

from support.runner import mutants

A, B = ([f"trackside.{module}.x_f__mutmut_{n}" for n in range(50)] for module in ("a", "b.c"))


def test_a_sample_has_so_many_of_each_module_and_each_time_the_same() -> None:
    sample = mutants.drawn([*A, *B[:3]], 10)

    assert len(sample) == len(set(sample)) == 13
    assert set(sample[10:]) == set(B[:3])
    assert mutants.drawn(reversed([*A, *B]), 10)[:10] == sample[:10]
    assert set(mutants.drawn(A, 5)) < set(sample)
    assert sample[:10] != A[:10]


def test_survivors_are_listed_and_untested_code_is_not_counted() -> None:
    statuses = dict.fromkeys([*A, *B], "not checked")
    statuses |= {A[0]: "killed", A[1]: "survived", A[2]: "timeout", A[3]: "no tests", B[0]: "killed"}

    assert mutants.report(statuses, [*A[:4], B[0]]) == [
        "trackside.a: 50 mutants, 3 tested, 2 noticed",
        "trackside.b.c: 50 mutants, 1 tested, 1 noticed",
        f"survived: {A[1]}",
    ]
