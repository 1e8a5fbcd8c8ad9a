#pragma once
// Weight posterior: what a model with random weights (variational multi-task learning) knows of the weights of one task's
// head: a normal distribution, entry by entry.

#include "infomtl/ops/tensor.h"

namespace infomtl {

/// Letters: C outputs of the task, D width of its representation.
struct WeightPosterior {
  Tensor mean;                    ///< [C, D]
  Tensor log_variance;            ///< [C, D]
  Tensor bias_mean = {};          ///< [C], or undefined: no bias
  Tensor bias_log_variance = {};  ///< [C], or undefined
};

}  // namespace infomtl
