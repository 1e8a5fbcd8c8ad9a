#pragma once
// Stochastic gradient descent (Robbins and Monro 1951), optionally with momentum or Nesterov's momentum (Sutskever et
// al., ICML 2013), as torch.optim.SGD has them.
//
//   settings.optimizer = sgd({.learning_rate = 0.1, .momentum = 0.9});
//
//   g <- g + lambda x;  b <- mu b + g;  x <- x - eta b,  with Nesterov  x <- x - eta (g + mu b)

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl {

struct INFOMTL_API SgdSettings {
  double learning_rate = 5e-5;  ///< eta, peak; > 0
  double weight_decay = 0.0;    ///< lambda, part of the gradient; 0: none
  bool decay_all = false;       ///< whether biases, norms and other vectors decay too
  double momentum = 0.0;        ///< mu, decay of the velocity b, in [0, 1); 0: no velocity is kept
  bool nesterov = false;        ///< look ahead along the velocity
  void fields(FieldVisitor& f);
};

/// State: velocity, where there is momentum.
INFOMTL_API OptimizerFactory sgd(SgdSettings settings = {});

}  // namespace infomtl
