"""
Ingrosso and Goldt 2022: the claims
===================================

A fully-connected net that learns to tell apart two classes of translation-invariant inputs grows
localized receptive fields. Eight claims say what the fields are and why they form. Each is run
here with its numbers and its figure, on the same nets.
"""

# %%
# A quantity holds if the number of every seed is as expected; the last column but two is the kind
# of evidence for the expectation. Each claim fails on its controls, such as Gaussian inputs or
# permuted pixels.

import sys

from rfsk.papers import reproduce

quick = "--quick" in sys.argv
found = reproduce(quick=quick, n_seeds=1 if quick else 3, n_jobs=1)
print(found.table())


def draw(name):
    """Draw the figure of a claim."""
    (claim,) = (result.claim for result in found.results if result.claim.name == name)
    return claim.draw(found.bench)


# %%
# C1, fields localize and tile
# ----------------------------
# Left and middle: fields of the units whose bias starts positive. On the ring each is one bump, and
# together they cover more sites than bumps at random places do. Right: how the IPR grows from that
# of noise, 3/D. The other units stay below noise: they oscillate.

draw("C1")

# %%
# C2, fields match convolutional filters
# --------------------------------------
# A convolutional net has translation invariance built in. Left and middle: a field of median match
# laid over its filter. Right: the best match of every unit with any of the filters. Smooth fields
# match one another at some shift whatever they are; the bars show the match that 95 % of
# populations with the same spectra and random phases do not exceed. A plain Gaussian bump of the
# width of the field matches the filters as well as the field does: the match shows place, sign and
# width, and nothing finer.

draw("C2")

# %%
# C3, a Gaussian control does not localize
# ----------------------------------------
# Gaussian inputs with the mean and the covariance of each class have all second-order statistics
# and nothing else. Fields become Fourier modes: nearly all power is in two modes, one of which may
# be the constant. The table also has other gains: the IPR grows as the inputs depart from Gaussian
# ones.

draw("C3")

# %%
# C4, a reduced model forms the same patterns
# -------------------------------------------
# The gradient of the loss, expanded for small fields to third order, is a flow driven by the
# covariances and the fourth moments of the two classes. Left: nets and the flow from their initial
# fields grow alike until the dotted line; then the expansion runs ahead. Middle: it arrives at
# nearly the same shape. Right: at the dotted time, units with b > 0 have frequencies below the one
# at which the difference of the two spectra changes sign, and the others have frequencies above.

draw("C4")

# %%
# C5, fields resemble factors of the fourth cumulant
# --------------------------------------------------
# Left: the CP factors of the cumulant of a sample of the long-range class are shifts of one bump.
# Middle: a field of median match with its factor. Right: the localized units match a factor, the
# others match none. As in C2, the match is that of bumps of about the same width.

draw("C5")

# %%
# C6, it holds for other units and inputs
# ---------------------------------------
# Above: the fields of all 40 units of one net each, scaled to their largest weight. Below: D x IPR
# of all units, on the inputs and on their Gaussian clone; 1.5 is a sinusoid, 3 is noise. On spins
# and on the phi^4 field most units with b < 0 localize as well.

draw("C6")

# %%
# C7, Gaussian equivalence breaks when fields form
# ------------------------------------------------
# Left: the loss on the inputs, on the clone, and the prediction for Gaussian local fields, which is
# right for the clone at all times and for the inputs only at the start. Middle: fields of the same
# spectra with random phases keep less and less of the gap between the two. Right: the local fields
# of the units with b > 0 depart further from Gaussian ones as each unit comes to sum a few sites.

draw("C7")

# %%
# C8, tiling needs translation-invariant inputs
# ---------------------------------------------
# An NLGP lives on a fine ring, of which 100 sites are kept at uneven distances. Fields still
# localize, but none stays where sites are close together (grey). The same inputs, each shifted by a
# random number of sites, are translation-invariant, and fields tile again.

draw("C8")

# %%
# A claim that does not hold stops this script here.

assert found.holds
