#pragma once
// Adamax, the paper's optimiser: Adam with the infinity norm (Kingma and Ba, ICLR 2015, section 7.1).
//
//   settings.optimizer = adamax({.learning_rate = 5e-5});
//
//   g <- g + lambda x;  m <- m + (1 - beta1)(g - m);  u <- max(beta2 u, |g| + epsilon)
//   x <- x - eta / (1 - beta1^t) m / u
//
// with epsilon and the coupled decay where torch.optim.Adamax has them.

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl {

struct INFOMTL_API AdamaxSettings {
  double learning_rate = 5e-5;  ///< eta, peak; > 0
  double weight_decay = 0.0;    ///< lambda, part of the gradient; 0: none
  bool decay_all = false;       ///< whether biases, norms and other vectors decay too
  double beta1 = 0.9;           ///< decay of the first moment m, in [0, 1)
  double beta2 = 0.999;         ///< decay of the infinity norm u, in [0, 1)
  double epsilon = 1e-8;        ///< least size of a gradient's entry in u; > 0
  void fields(FieldVisitor& f);
};

/// State: first_moment, infinity_norm.
INFOMTL_API OptimizerFactory adamax(AdamaxSettings settings = {});

}  // namespace infomtl
