#pragma once
// Class weights from how often classes occur, for losses of rare classes.
//
//   balanced_weights({90, 10})                    // {0.556, 5}
//   effective_number_weights({90, 10}, 0.99)      // {0.278, 1.722}

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// n / (C n_c): n items, C classes that occur, n_c items of class c (scikit-learn's compute_class_weight "balanced"; King and
/// Zeng 2001). The mean weight of an item is 1. A class that does not occur has weight 1.
INFOMTL_API std::vector<double> balanced_weights(const std::vector<std::int64_t>& counts);

/// (1 - beta) / (1 - beta^n_c), the inverse effective number of class c, scaled so that the weights of the C classes that
/// occur sum to C (Cui et al., CVPR 2019). beta = 0 weighs all alike; towards 1 it becomes 1 / n_c.
/// A class that does not occur has weight 1. @param beta  in [0, 1) @throws ConfigError
INFOMTL_API std::vector<double> effective_number_weights(const std::vector<std::int64_t>& counts, double beta);

}  // namespace infomtl::ops
