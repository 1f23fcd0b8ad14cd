"""Predictions of receptive fields and their localization from the statistics of the inputs."""

from ._amplifier import Amplifier
from ._copula_flow import CopulaFlow, CopulaFlowResult
from ._cubic_flow import CubicFlow, activation_derivatives
from ._denoiser import denoiser_fields
from ._fixed_points import FixedPoint, fixed_point
from ._flow import FlowResult
from ._gaussian_equivalence import bivariate_normal_cdf, gaussian_accuracy, gaussian_loss
from ._localization_index import LocalizationIndex, localization_index
from ._mixture_flow import MixtureFlow
from ._passage_time import mean_passage_time
from ._predictions import FieldPrediction, predict_fields
from ._rectified_flow import RectifiedFlow
from ._sample_size import localization_sample_size
from ._statistics import FieldStatistics, field_statistics

__all__ = [
    "Amplifier",
    "CopulaFlow",
    "CopulaFlowResult",
    "CubicFlow",
    "FieldPrediction",
    "FieldStatistics",
    "FixedPoint",
    "FlowResult",
    "LocalizationIndex",
    "MixtureFlow",
    "RectifiedFlow",
    "activation_derivatives",
    "bivariate_normal_cdf",
    "denoiser_fields",
    "field_statistics",
    "fixed_point",
    "gaussian_accuracy",
    "gaussian_loss",
    "localization_index",
    "localization_sample_size",
    "mean_passage_time",
    "predict_fields",
]
