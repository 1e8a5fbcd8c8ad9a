#include "infomtl/losses/dummy_gradient_norm.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/losses/register_loss.h"
#include "infomtl/losses/representation_gradient_norm.h"

namespace infomtl {

void register_builtin_penalties(PenaltyRegistry& registry) {
  register_penalty<RepresentationGradientNorm>(
      registry, "representation_gradient_norm",
      "mean squared norm of the gradient of a row's loss in what the head reads (double backpropagation)",
      "Drucker, LeCun, IEEE Trans. Neural Networks 1992; Gulrajani et al., NeurIPS 2017");
  register_penalty<DummyGradientNorm>(
      registry, "dgr",
      "squared norm of the gradient of the task's loss in heads that know nothing (dummy gradient norm)",
      "Shin et al., ECCV 2024");
}

PenaltyRegistry& penalty_registry() {
  static PenaltyRegistry registry = [] {
    PenaltyRegistry built("penalty");
    register_builtin_penalties(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
