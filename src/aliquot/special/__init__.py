"""Special functions to all digits, where JAX's own are not or where their difference is needed."""

from aliquot.special.beta_function import beta, betaln
from aliquot.special.divergence import kl_div, rel_entr
from aliquot.special.hypergeometric import hyp1f1, hyp2f1
from aliquot.special.normal_functions import erfinv, log_ndtr

__all__ = ["beta", "betaln", "erfinv", "hyp1f1", "hyp2f1", "kl_div", "log_ndtr", "rel_entr"]
