// A plugin with a loss and a weighting.
#include "infomtl/plugin/plugin.h"

namespace {

class Nothing final : public infomtl::LossTerm {
 public:
  using Settings = infomtl::NoSettings;
  explicit Nothing(Settings /*settings*/) {}
  infomtl::LossValue compute(infomtl::TaskStep& step) override {
    const torch::Tensor zero = step.prediction().output.sum() * 0;
    return {zero, torch::full({}, static_cast<double>(step.labels().size(0)))};
  }
};

class Half final : public infomtl::GradientWeighting {
 public:
  using Settings = infomtl::NoSettings;
  Half(Settings /*settings*/, const infomtl::WeightingContext& /*tasks*/) {}
  void backward(infomtl::TaskGradients& problem) override {
    problem.apply_weights(torch::full({static_cast<std::int64_t>(problem.size())}, 0.5));
  }
};

}  // namespace

INFOMTL_PLUGIN("good") {
  infomtl::register_loss<Nothing>(registries.losses, "nothing", "a loss of zero");
  registries.weightings.add<Half>("half", "half of every loss");
}
