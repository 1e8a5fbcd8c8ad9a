#pragma once
// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, Algorithm 2).
//
//   settings.optimizer = adamw({.learning_rate = 2e-5, .weight_decay = 0.01});
//
//   x <- x - eta lambda x;  m <- m + (1 - beta1)(g - m);  v <- beta2 v + (1 - beta2) g^2
//   x <- x - eta / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl {

struct INFOMTL_API AdamWSettings {
  double learning_rate = 5e-5;  ///< eta, peak; > 0
  double weight_decay = 0.0;    ///< lambda, share of x lost per step is eta lambda; 0: none
  bool decay_all = false;       ///< whether biases, norms and other vectors decay too
  double beta1 = 0.9;           ///< decay of the first moment m, in [0, 1)
  double beta2 = 0.999;         ///< decay of the second moment v, in [0, 1)
  double epsilon = 1e-8;        ///< added to the denominator; > 0
  void fields(FieldVisitor& f);
};

/// State: first_moment, second_moment.
INFOMTL_API OptimizerFactory adamw(AdamWSettings settings = {});

}  // namespace infomtl
