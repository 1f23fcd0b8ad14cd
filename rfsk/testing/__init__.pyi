from ._input_model import check_input_model as check_input_model
from ._strategies import fields as fields
from ._strategies import input_models as input_models
from ._strategies import lattice_shapes as lattice_shapes
