// A plugin with an optimiser: Lion (Chen et al., NeurIPS 2023), x <- x - eta (sign(b1 m + (1 - b1) g) + lambda x),
// m <- b2 m + (1 - b2) g.
#include "infomtl/plugin/plugin.h"

namespace {

class Lion final : public infomtl::Optimizer {
 public:
  struct Settings {
    double learning_rate = 1e-4, weight_decay = 0.0, beta1 = 0.9, beta2 = 0.99;
    void fields(infomtl::FieldVisitor& f) {
      f.field("learning_rate", learning_rate, "peak learning rate", infomtl::above(0.0));
      f.field("weight_decay", weight_decay, "weight decay", infomtl::at_least(0.0));
      f.field("beta1", beta1, "share of the moment in the direction", infomtl::from_to_below(0.0, 1.0));
      f.field("beta2", beta2, "decay of the moment", infomtl::from_to_below(0.0, 1.0));
    }
  };
  Lion(Settings settings, infomtl::FlatParameters& flat)
      : Optimizer(flat, {.learning_rate = settings.learning_rate, .weight_decay = settings.weight_decay}),
        settings_(settings),
        flat_(flat),
        moment_(torch::zeros_like(flat.values())) {}
  std::vector<std::pair<std::string, torch::Tensor>> state() override { return {{"moment", moment_}}; }

 private:
  void update(const infomtl::UpdateRange& range) override {
    const auto at = [&](const torch::Tensor& all) { return all.slice(0, range.begin, range.end); };
    const torch::Tensor value = at(flat_.values()), gradient = at(flat_.gradients()), moment = at(moment_);
    const torch::Tensor direction = moment.lerp(gradient, 1.0 - settings_.beta1).sign_();
    value.sub_(direction.add_(value, range.weight_decay), range.learning_rate);
    moment.lerp_(gradient, 1.0 - settings_.beta2);
  }

  Settings settings_;
  infomtl::FlatParameters& flat_;
  torch::Tensor moment_;
};

}  // namespace

INFOMTL_PLUGIN("optimizer") {
  registries.optimizers.add<Lion>("lion", "the sign of a moving average", "Chen et al., NeurIPS 2023");
}
