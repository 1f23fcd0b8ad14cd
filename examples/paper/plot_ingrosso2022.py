"""
Ingrosso and Goldt 2022: the claims
===================================

Why does a fully-connected network that distinguishes two classes of translation-invariant inputs
develop localized receptive fields? Eight claims say what the fields are and why they form. This
script measures each claim on the same networks, and prints its numbers and draws its figure. The
control has Gaussian inputs with the same mean and covariance.
"""

# %%
# A quantity holds if the number of every seed is as expected. The table also names the kind of
# evidence for each expectation. Each claim fails on its own control, such as Gaussian inputs or
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
# Left and middle: fields of the units with a positive initial bias b. On the ring each is one
# bump, and together they cover more sites than bumps at random places do. Right: the IPR (inverse
# participation ratio) during training, which begins at the value of noise, 3/D. The IPR of the
# other units stays below that of noise: they oscillate.

draw("C1")

# %%
# C2, fields match convolutional filters
# --------------------------------------
# The architecture of a convolutional network is translation-invariant. Left and middle: a field of
# median match and its filter. Right: the best match of every unit with any of the filters. Smooth
# fields always match one another at some shift. The bars therefore show the match that 95 % of
# populations with the same spectra and random phases do not exceed. A Gaussian bump of the width
# of the field matches the filters as well as the field does: the match shows place, sign and
# width, and nothing finer.

draw("C2")

# %%
# C3, fields on a Gaussian control do not localize
# ------------------------------------------------
# The control has all second-order statistics of the inputs and no others. Its fields become
# Fourier modes: nearly all power is in two modes, one of which may be the constant. The table also
# has other gains: the IPR increases as the inputs depart from Gaussian ones.

draw("C3")

# %%
# C4, a reduced model forms the same patterns
# -------------------------------------------
# The gradient of the loss, expanded for small fields to third order, is a flow that depends on the
# covariances and the fourth moments of the two classes. Left: networks and the flow from their
# initial fields agree until the dotted line, and then the expansion runs ahead. Middle: the flow
# arrives at nearly the same shape. Right: at the dotted time, units with b > 0 have frequencies
# below the one at which the difference of the two spectra changes sign, and the others have
# frequencies above it.

draw("C4")

# %%
# C5, fields resemble factors of the fourth cumulant
# --------------------------------------------------
# Left: the CP factors of the cumulant of a sample of the long-range class are shifts of one bump.
# Middle: a field of median match and its factor. Right: the localized units match a factor, and
# the others match none. As in C2, bumps of about the same width match equally well.

draw("C5")

# %%
# C6, fields also localize with other units and inputs
# ----------------------------------------------------
# Upper rows: the fields of all 40 units of one network each, scaled to their largest weight. Lower
# rows: D x IPR of all units, on the inputs and on the control, where 1.5 is a sinusoid and 3 is
# noise. On spins and on the phi^4 field most units with b < 0 localize as well.

draw("C6")

# %%
# C7, Gaussian equivalence breaks when fields form
# ------------------------------------------------
# Left: the loss on the inputs, on the control, and the prediction for Gaussian local fields, which
# is right for the control at all times and for the inputs only at the start. Middle: fields with
# the same spectra and random phases keep less and less of the gap between the two. Right: the
# local fields of the units with b > 0 become less Gaussian as each unit comes to sum over a few
# sites.

draw("C7")

# %%
# C8, tiling needs translation-invariant inputs
# ---------------------------------------------
# The inputs are an NLGP on a fine ring, of which 100 sites are kept at uneven distances. Fields
# still localize, but none stays where sites are close together (grey). If each input is shifted by
# a random number of sites, inputs are translation-invariant, and fields tile again.

draw("C8")

# %%
# The script fails if a claim does not hold.

assert found.holds
