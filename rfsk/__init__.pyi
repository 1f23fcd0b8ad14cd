from . import (
    analysis as analysis,
    datasets as datasets,
    exceptions as exceptions,
    experiments as experiments,
    live as live,
    nets as nets,
    papers as papers,
    plotting as plotting,
    testing as testing,
    theory as theory,
)
from .analysis import (
    CumulantCP as CumulantCP,
    FieldMatcher as FieldMatcher,
    LocalizationAnalyzer as LocalizationAnalyzer,
    NonlinearHebbian as NonlinearHebbian,
    TensorComparison as TensorComparison,
    ipr as ipr,
    localization_score as localization_score,
    population_summary as population_summary,
    receptive_fields as receptive_fields,
    symmetric_cp as symmetric_cp,
)
from .datasets import (
    Discrimination as Discrimination,
    EllipticalField as EllipticalField,
    GaussianField as GaussianField,
    ImagePatches as ImagePatches,
    Ising as Ising,
    NLGP as NLGP,
    Phi4 as Phi4,
    Pulses as Pulses,
    TransformedField as TransformedField,
    augment_shifts as augment_shifts,
    make_elliptical as make_elliptical,
    make_gaussian_clone as make_gaussian_clone,
    make_gp as make_gp,
    make_image_patches as make_image_patches,
    make_ising as make_ising,
    make_nlgp as make_nlgp,
    make_phi4 as make_phi4,
    make_pulses as make_pulses,
    make_spiked_cumulant as make_spiked_cumulant,
    make_transformed_field as make_transformed_field,
)
from .experiments import (
    control_test as control_test,
    study_data as study_data,
)
from .nets import (
    Autoencoder as Autoencoder,
    ConvNet as ConvNet,
    FCNet as FCNet,
    fit_many as fit_many,
    fit_many_online as fit_many_online,
    load as load,
    save as save,
)
from .theory import (
    CopulaFlow as CopulaFlow,
    CubicFlow as CubicFlow,
    RectifiedFlow as RectifiedFlow,
    localization_index as localization_index,
    predict_fields as predict_fields,
)

__version__: str
