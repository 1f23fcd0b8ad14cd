"""
Ingrosso and Goldt 2022: the claims
===================================

Why does a fully-connected network that distinguishes two classes of translation-invariant inputs
develop localized receptive fields? Eight claims say what the fields are and why they form. This
script measures all claims on the same networks, and prints the numbers and draws the figure of each
claim. The control has Gaussian inputs with the same mean and covariance.
"""

# %%
# A quantity holds if its value is as expected for every seed. The table also names the kind of
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
# The left and middle panels show the fields of the units with a positive initial bias b. On the
# ring each field is one bump, and together the fields cover more sites than bumps at random places
# do. The right panel shows the IPR (inverse participation ratio) during training, which begins at
# the value of noise, 3/D. The IPR of the units with a negative initial bias stays below that of
# noise, because their fields oscillate.

draw("C1")

# %%
# C2, fields match convolutional filters
# --------------------------------------
# The architecture of a convolutional network is translation-invariant. The left and middle panels
# show a field of median match and its filter. The right panel shows the best match of every unit
# with any of the filters. Smooth fields always match one another at some shift. The bars therefore
# show the match that 95 % of populations with the same spectra and random phases do not exceed. A
# Gaussian bump of the width of the field matches the filters as well as the field does: the match
# shows only the place, sign and width of the field.

draw("C2")

# %%
# C3, fields on a Gaussian control do not localize
# ------------------------------------------------
# The control has only the first- and second-order statistics of the inputs. The fields on the
# control become Fourier modes: nearly all power is in two modes, one of which may be the constant
# mode. The table also has other gains: the IPR increases with the gain, that is, with the distance
# of the inputs from Gaussian inputs.

draw("C3")

# %%
# C4, a reduced model forms the same patterns
# -------------------------------------------
# The gradient of the loss, expanded for small fields to third order, is a flow that depends on the
# covariances and the fourth moments of the two classes. The left panel shows that networks and the
# flow from their initial fields agree until the time of the dotted line; later, fields localize
# faster in the flow. The middle panel shows that the final fields of the flow have nearly the same
# shape as those of networks. In the right panel, at the time of the dotted line, the fields of
# units with b > 0 have frequencies below the frequency at which the difference of the two spectra
# changes sign, and the fields of units with b < 0 have frequencies above it.

draw("C4")

# %%
# C5, fields resemble factors of the fourth cumulant
# --------------------------------------------------
# The left panel shows the CP factors of the cumulant of a sample of the long-range class, which are
# shifts of one bump. The middle panel shows a field of median match and its factor. In the right
# panel, the localized units match a factor, and the other units match none. As in C2, bumps of
# about the same width match equally well.

draw("C5")

# %%
# C6, fields also localize with other units and inputs
# ----------------------------------------------------
# The upper rows show the fields of all 40 units of one network for each kind of units or inputs,
# scaled to their largest weight. The lower rows show D x IPR of all units, on the inputs and on the
# control; the value is 1.5 for a sinusoid and 3 for noise. On spins and on the phi^4 field most
# units with b < 0 localize as well.

draw("C6")

# %%
# C7, Gaussian equivalence breaks when fields form
# ------------------------------------------------
# The left panel shows the loss on the inputs, the loss on the control, and the prediction for
# Gaussian local fields, which is correct for the control at all times and for the inputs only at
# the start of training. The middle panel shows that fields with the same spectra and random phases
# keep a decreasing fraction of the gap between the losses on control and inputs. The right panel
# shows that the local fields of the units with b > 0 become less Gaussian, because each unit sums
# over fewer sites.

draw("C7")

# %%
# C8, tiling needs translation-invariant inputs
# ---------------------------------------------
# The inputs are an NLGP on a fine ring, of which 100 sites are kept at uneven distances. Fields
# still localize, but none remains in the region where sites are close together (grey). If each
# input is shifted by a random number of sites, inputs are translation-invariant, and fields tile
# the ring again.

draw("C8")

# %%
# The script fails if a claim does not hold.

assert found.holds
