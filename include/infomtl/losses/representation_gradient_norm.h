#pragma once
// Representation gradient norm: keeps predictions from changing fast with the representation, by the norm of the task
// loss's gradient (double backpropagation, Drucker & LeCun, IEEE Trans. Neural Networks 1992; as a penalty on a layer:
// Gulrajani et al., NeurIPS 2017).
//
//   "penalties": [{"name": "representation_gradient_norm", "weight": 0.1}]

#include <cstdint>

#include "infomtl/core/export.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/losses/supervised.h"

namespace infomtl {

/// R_t = (1/B) sum_b || d l_b / d z_b ||^2
///
/// l_b: the supervised loss of row b alone (of word b for tagging); z_b [D]: what the head reads of it, with hard
/// sharing the shared representation. Noise of a gaussian head is that of the step. Second derivatives are taken through
/// the head only; the gradient of R_t in z goes back through architecture and encoder once.
class INFOMTL_API RepresentationGradientNorm final : public Penalty {
 public:
  using Settings = NoSettings;
  RepresentationGradientNorm() = default;
  explicit RepresentationGradientNorm(Settings /*settings*/) {}

  std::int64_t count(const TaskBatch& rows) const override { return supervised_.count(rows); }
  LossValue compute(TaskStep& step) override;

 private:
  Supervised supervised_;
};

}  // namespace infomtl
