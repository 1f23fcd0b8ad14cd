"""Invariants that hold whatever the parameters, searched for exceptions by Hypothesis."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rfsk import ConvNet, FieldMatcher
from rfsk.analysis import (
    cumulant,
    field_center,
    field_spread,
    field_width,
    group_split,
    ipr,
    symmetric_cp,
    tiling,
    translation_orbits,
)
from rfsk.datasets import (
    NLGP,
    Algebraic,
    Discrimination,
    EllipticalField,
    GaussianField,
    Ising,
    Matern,
    Phi4,
    Pulses,
    StudentT,
    TransformedField,
)

seeds = st.integers(0, 2**32 - 1)
shapes = st.one_of(st.tuples(st.integers(1, 24)), st.tuples(st.integers(1, 7), st.integers(1, 7)))


@st.composite
def fields(draw, shape):
    """One field that is not zero."""
    values = draw(arrays(np.float64, shape, elements=st.floats(-10, 10, width=16)))
    assume(np.abs(values).max() > 0.01)
    return values


kernels = st.one_of(
    st.sampled_from(["gaussian", "exponential"]), st.floats(0.3, 5.0).map(lambda nu: Matern(nu))
)


@st.composite
def lattices(draw, boundaries=("periodic", "open")):
    """Parameters of a field on a lattice, one correlation length or one an axis."""
    shape = draw(shapes)
    relative = st.floats(0.1, 1.0)
    length = draw(st.one_of(relative, st.tuples(*[relative] * len(shape))))
    return {
        "shape": shape,
        "correlation_length": np.multiply(length, min(shape)).tolist(),
        "kernel": draw(kernels),
        "boundary": draw(st.sampled_from(boundaries)),
    }


@st.composite
def nlgps(draw, boundaries=("periodic", "open")):
    gain = 10.0 ** draw(st.floats(-3, 3))
    return NLGP(
        **draw(lattices(boundaries)),
        gain=gain,
        nonlinearity=draw(st.sampled_from(["erf", "tanh", "sign"])) if gain > 0.1 else "erf",
    )


@st.composite
def transformed_fields(draw, boundaries=("periodic", "open")):
    marginal = draw(
        st.one_of(
            st.sampled_from(["uniform", "sign", "laplace"]),
            st.floats(2.5, 20.0).map(lambda k: Algebraic(k)),
        )
    )
    return TransformedField(**draw(lattices(boundaries)), marginal=marginal)


@st.composite
def elliptical_fields(draw):
    lattice = draw(lattices(("periodic",)))
    del lattice["boundary"]
    radial = draw(st.one_of(st.just("shell"), st.floats(2.1, 50.0).map(lambda df: StudentT(df))))
    return EllipticalField(**lattice, radial=radial)


@st.composite
def lattice_models(draw):
    side = draw(st.integers(2, 20))
    kind = draw(st.sampled_from(["ising", "pulses", "phi4", "free"]))
    if kind == "ising":
        return Ising(side, temperature=draw(st.floats(0.2, 50.0)))
    if kind == "pulses":
        lowest = draw(st.integers(1, side - 1))
        return Pulses(side, length=(lowest, draw(st.integers(lowest + 1, side))))
    if kind == "free":
        return Phi4(
            draw(shapes),
            coupling=draw(st.floats(0.0, 10.0)),
            mass_squared=draw(st.floats(0.1, 10.0)),
            quartic=0.0,
            standardize=True,
        )
    return Phi4(
        side,
        coupling=draw(st.floats(0.0, 5.0)),
        mass_squared=draw(st.floats(-15.0, 5.0)),
        quartic=draw(st.floats(0.5, 10.0)),
        standardize=True,
    )


latent_fields = st.one_of(nlgps(), transformed_fields(), elliptical_fields())
periodic_fields = st.one_of(
    nlgps(("periodic",)), transformed_fields(("periodic",)), elliptical_fields()
)
models = st.one_of(latent_fields, lattice_models())


@given(models)
def test_covariance_is_symmetric_positive_and_of_unit_diagonal(model):
    covariance = model.covariance()
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)
    np.testing.assert_allclose(covariance.diagonal(), 1.0, atol=1e-10)
    assert np.linalg.eigvalsh(covariance).min() > -1e-7


@given(models)
def test_covariance_depends_on_displacements_around_the_lattice_only(model):
    assume(model.boundary == "periodic")
    covariance = model.covariance()
    sites = np.arange(model.n_features).reshape(model.shape)
    for axis in range(len(model.shape)):
        rolled = np.roll(sites, 1, axis=axis).ravel()
        np.testing.assert_allclose(covariance[np.ix_(rolled, rolled)], covariance, atol=1e-12)


@given(models)
def test_clone_shares_the_covariance_and_has_no_kurtosis(model):
    clone = model.gaussian_clone()
    np.testing.assert_allclose(clone.covariance(), model.covariance(), rtol=0, atol=1e-12)
    assert clone.excess_kurtosis() == 0.0
    assert clone.gaussian_clone() == clone
    assert np.isfinite(clone.sample(2, random_state=0)).all()


@given(models)
def test_excess_kurtosis_is_at_least_minus_two(model):
    assert model.excess_kurtosis() >= -2.0 - 1e-9


@given(periodic_fields, seeds)
def test_rolling_the_noise_rolls_the_field(model, seed):
    noise = np.random.default_rng(seed).standard_normal((2, *model.shape))
    field = model.from_noise(noise).reshape(2, *model.shape)
    jumps = getattr(model, "marginal", None) == "sign" or (
        getattr(model, "nonlinearity", None) == "sign"
    )
    for axis in range(1, 1 + len(model.shape)):
        rolled = model.from_noise(np.roll(noise, 2, axis=axis)).reshape(field.shape)
        expected = np.roll(field, 2, axis=axis)
        if jumps:  # rounding may flip a pixel at zero, where the latent field vanishes
            assert np.mean(rolled != expected) < 0.05
            continue
        # A steep map magnifies the rounding of the latent field, most of all at small xi.
        tolerance = 1e-12 * max(1.0, getattr(model, "gain", 1.0)) + 1e-8
        np.testing.assert_allclose(rolled, expected, atol=tolerance, rtol=1e-8)


@given(latent_fields, seeds)
def test_negated_noise_negates_the_field(model, seed):
    noise = np.random.default_rng(seed).standard_normal((2, *model.noise_shape))
    np.testing.assert_allclose(model.from_noise(-noise), -model.from_noise(noise), atol=1e-12)


@given(models, seeds)
def test_same_seed_same_array(model, seed):
    np.testing.assert_array_equal(model.sample(3, seed), model.sample(3, seed))


@given(st.one_of(elliptical_fields(), lattice_models(), nlgps()), seeds)
def test_fourth_cumulants_do_not_depend_on_order_or_origin(model, seed):
    assume(getattr(model, "nonlinearity", "erf") != "tanh")
    assume(np.isfinite(model.excess_kurtosis()))
    assume(getattr(model, "gain", 1.0) < 100.0)  # rounding: see erf_fourth_moment
    rng = np.random.default_rng(seed)
    sites = rng.integers(model.n_features, size=(5, 4))
    kappa = model.fourth_cumulant(sites)
    np.testing.assert_allclose(model.fourth_cumulant(sites[:, ::-1]), kappa, atol=1e-9)
    if model.boundary == "periodic":
        coordinates = np.array(np.unravel_index(sites, model.shape))
        shift = rng.integers(0, 9, size=(len(model.shape), 1, 1))
        sides = np.array(model.shape)[:, None, None]
        moved = np.ravel_multi_index(tuple((coordinates + shift) % sides), model.shape)
        np.testing.assert_allclose(model.fourth_cumulant(moved), kappa, atol=1e-9)


@given(shapes, st.floats(0.1, 1.0), seeds)
def test_vanishing_gain_meets_the_gaussian_field(shape, length, seed):
    xi = length * min(shape)
    noise = np.random.default_rng(seed).standard_normal((2, *shape))
    nlgp = NLGP(shape, correlation_length=xi, gain=1e-6)
    gaussian = GaussianField(shape, correlation_length=xi)
    np.testing.assert_allclose(nlgp.from_noise(noise), gaussian.from_noise(noise), atol=1e-9)
    np.testing.assert_allclose(nlgp.covariance(), gaussian.covariance(), atol=1e-9)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5), st.integers(1, 10_000), seeds)
def test_class_shares_are_within_one_row_of_their_priors(weights, n_samples, seed):
    priors = np.array(weights) / np.sum(weights)
    task = Discrimination([NLGP(3, correlation_length=1.0, gain=3.0)] * len(priors), priors)
    offset = np.random.default_rng(seed).random()
    boundaries = task.class_boundaries(n_samples, offset)
    counts = np.diff(boundaries, prepend=0)
    assert boundaries[-1] == n_samples
    assert np.all(np.abs(counts - n_samples * priors) < 1.0 + 1e-6)


@given(shapes.flatmap(fields), st.floats(1e-3, 1e3), st.integers(0, 30))
def test_ipr_is_bounded_and_unchanged_by_scale_sign_and_roll(field, scale, shift):
    n_features = field.size
    value = ipr([field.ravel()])[0]
    assert 1 / n_features - 1e-12 <= value <= 1 + 1e-12
    rolled = np.roll(field, shift, axis=-1).ravel()
    for other in (scale * field.ravel(), -field.ravel(), rolled):
        assert ipr([other])[0] == pytest.approx(value, rel=1e-9)


@given(shapes.flatmap(fields))
def test_features_times_ipr_minus_three_is_the_uncentred_excess_kurtosis(field):
    w = field.ravel()
    kurtosis = np.mean(w**4) / np.mean(w**2) ** 2 - 3
    assert w.size * ipr([w])[0] - 3 == pytest.approx(kurtosis, rel=1e-9, abs=1e-9)


@given(st.integers(2, 30).flatmap(lambda n: fields((n,))), st.integers(0, 30))
def test_center_moves_with_the_field_and_width_stays(field, shift):
    side = len(field)
    center, moved = field_center([field, np.roll(field, shift)])[:, 0]
    assume(np.isfinite(center))
    resultant = np.abs(np.sum(field**2 * np.exp(2j * np.pi * np.arange(side) / side)))
    assume(resultant > 1e-3 * np.sum(field**2))
    distance = (moved - center - shift) % side
    assert min(distance, side - distance) < 1e-6
    peaks = np.flatnonzero(np.abs(field) == np.abs(field).max())
    assume(len(peaks) == 1)  # with equal peaks the first is followed
    widths = field_width([field, np.roll(field, shift), -field])
    np.testing.assert_allclose(widths, widths[0])


@given(shapes.flatmap(fields), seeds)
def test_rolling_an_image_across_its_seams_moves_its_center_and_nothing_else(field, seed):
    axes = tuple(range(field.ndim))
    shift = np.random.default_rng(seed).integers(0, field.shape)
    rows = np.stack([field.ravel(), np.roll(field, shift, axes).ravel()])
    centers = field_center(rows, field.shape)
    for axis, side in enumerate(field.shape):
        profile = (field**2).sum(axis=tuple(a for a in axes if a != axis))
        resultant = np.abs(profile @ np.exp(2j * np.pi * np.arange(side) / side))
        if resultant > 1e-3 * profile.sum():
            distance = (centers[1, axis] - centers[0, axis] - shift[axis]) % side
            assert min(distance, side - distance) < 1e-6
        else:
            assume(False)
    spread = field_spread(rows, field.shape)
    assert spread[1] == pytest.approx(spread[0], rel=1e-6, abs=1e-6)


@given(shapes.flatmap(fields), seeds)
def test_orbits_join_a_field_to_its_shifts_and_negatives(field, seed):
    axes = tuple(range(field.ndim))
    shift = np.random.default_rng(seed).integers(0, field.shape)
    rows = np.stack([field.ravel(), -np.roll(field, shift, axes).ravel()])
    orbits = translation_orbits(rows, field.shape)
    assert orbits.labels.tolist() == [0, 0]
    placed = orbits.signs[1] * np.roll(field, orbits.shifts[1], axes).ravel()
    np.testing.assert_allclose(placed, rows[1], atol=1e-6 * np.abs(field).max())


@given(st.integers(4, 24), seeds)
def test_tiling_does_not_depend_on_the_origin_and_groups_not_on_scales(side, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((6, side))
    here, there = tiling(rows), tiling(np.roll(rows, int(rng.integers(side)), axis=1))
    assert there.coverage == here.coverage
    assert there.resultant_length == pytest.approx(here.resultant_length, abs=1e-6)
    one, other = (group_split(factor * rows, n_null=39, random_state=0) for factor in (1.0, -7.0))
    assert one.groups.tolist() == other.groups.tolist()


@given(seeds, st.sampled_from([2, 3, 4]))
def test_cumulants_are_multilinear_and_symmetric(seed, order):
    """Of linear maps of the data: kappa[X M'](a) = kappa[X](M' a), whatever the order of axes."""
    rng = np.random.default_rng(seed)
    X, M = rng.standard_exponential((40, 4)), rng.normal(size=(3, 4))
    a = rng.normal(size=(2, 3))
    mapped = cumulant(X @ M.T, order)
    expected = cumulant(X, order).contract(a @ M) @ M.T
    scale = np.abs(expected).max() + 1e-12
    np.testing.assert_allclose(mapped.contract(a), expected, atol=1e-9 * scale)
    tensor = mapped.tensor()
    np.testing.assert_allclose(tensor, np.moveaxis(tensor, 0, -1), atol=1e-9 * np.abs(tensor).max())


@given(shapes.flatmap(fields), seeds)
def test_match_is_invariant_to_shift_and_sign_and_one_for_a_copy(field, seed):
    rng = np.random.default_rng(seed)
    references = rng.standard_normal((3, field.size))
    matcher = FieldMatcher(field.shape).fit(references)
    shift = tuple(rng.integers(0, side) for side in field.shape)
    moved = -np.roll(field, shift, axis=tuple(range(field.ndim)))
    match = matcher.transform([field.ravel(), moved.ravel()])[:, 0]
    assert match[0] == pytest.approx(match[1], abs=1e-9)
    copy = FieldMatcher(field.shape).fit([field.ravel()]).transform([moved.ravel()])[0, 0]
    assert copy == pytest.approx(1.0, abs=1e-9)


@given(seeds, st.floats(-3, 3).filter(lambda factor: abs(factor) > 0.1))
def test_cumulant_contraction_is_cubic_and_shift_of_the_data_changes_nothing(seed, factor):
    rng = np.random.default_rng(seed)
    X, a = rng.standard_normal((30, 4)) ** 3, rng.standard_normal((1, 4))
    once = cumulant(X).contract(a)
    scale = np.abs(once).max()
    np.testing.assert_allclose(
        cumulant(X).contract(factor * a), factor**3 * once, atol=1e-9 * scale * abs(factor) ** 3
    )
    np.testing.assert_allclose(cumulant(X + 5.0).contract(a), once, atol=1e-9 * scale)
    np.testing.assert_allclose(
        cumulant(factor * X).contract(a), factor**4 * once, atol=1e-9 * scale * factor**4
    )


@given(seeds)
def test_cumulant_of_a_sum_of_independent_features_adds(seed):
    """On the product of two empirical laws the cross cumulants vanish exactly."""
    rng = np.random.default_rng(seed)
    u, v = rng.standard_normal((2, 12)) ** 3
    X = np.array([(a, b) for a in u for b in v])
    one, other = cumulant(u[:, None]), cumulant(v[:, None])
    together = cumulant(X).contract(np.array([[1.0, 1.0]]))[0]
    expected = [one.contract(np.ones((1, 1)))[0, 0], other.contract(np.ones((1, 1)))[0, 0]]
    np.testing.assert_allclose(together, expected, atol=1e-9 * np.abs(expected).max())


@given(seeds)
def test_cp_does_not_depend_on_the_order_or_sign_of_the_samples(seed):
    rng = np.random.default_rng(seed)
    X = rng.choice([-1.0, 1.0], size=(400, 4)) * [1.0, 1.3, 1.6, 2.0]
    X = np.concatenate([X, -X])  # symmetric, so that negating it keeps the mean
    once = symmetric_cp(X, 2, tol=1e-12, random_state=0)
    again = symmetric_cp(-X[rng.permutation(800)], 2, tol=1e-12, random_state=0)
    np.testing.assert_allclose(again.weights, once.weights, rtol=1e-4)
    np.testing.assert_allclose(again.components, once.components, atol=1e-3)


@given(shapes, seeds)
def test_circular_convnet_is_equivariant(shape, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((4, *shape))
    flat = X.reshape(4, -1)
    net = ConvNet(
        2,
        image_shape=shape if len(shape) == 2 else None,
        max_epochs=1,
        random_state=int(seed),
    ).fit(flat, [0, 1, 0, 1])
    hidden = net.transform(flat).reshape(4, 2, *shape)
    axis = rng.integers(1, 1 + len(shape))
    moved = np.roll(X, 1, axis=axis).reshape(4, -1)
    np.testing.assert_allclose(
        net.transform(moved).reshape(hidden.shape), np.roll(hidden, 1, axis=axis + 1), atol=1e-10
    )
    np.testing.assert_allclose(
        net.decision_function(moved), net.decision_function(flat), atol=1e-10
    )
