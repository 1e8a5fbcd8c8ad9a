#include "infomtl/optim/adamw.h"

#include <cmath>

#include "optim/builtin.h"

namespace infomtl {
namespace {

/// x <- x - eta lambda x;  m, v as in Adam;  x <- x - eta / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)
class AdamW final : public BuiltinOptimizer {
 public:
  using Settings = AdamWSettings;
  AdamW(Settings settings, FlatParameters& parameters)
      : BuiltinOptimizer(parameters, settings),
        settings_(settings),
        first_(torch::zeros_like(values_)),
        second_(torch::zeros_like(values_)) {}

  std::vector<std::pair<std::string, Tensor>> state() override {
    return {{"first_moment", first_}, {"second_moment", second_}};
  }

 private:
  void update(const UpdateRange& range) override {
    const auto t = static_cast<double>(range.step);
    updates_.adamw({.value = at(values_, range),
                    .gradient = at(gradients_, range),
                    .first = at(first_, range),
                    .second = at(second_, range),
                    .rate = range.learning_rate / (1.0 - std::pow(settings_.beta1, t)),
                    .root = std::sqrt(1.0 - std::pow(settings_.beta2, t)),
                    .kept = 1.0 - range.learning_rate * range.weight_decay,
                    .beta1 = settings_.beta1,
                    .beta2 = settings_.beta2,
                    .epsilon = settings_.epsilon});
  }

  Settings settings_;
  Tensor first_, second_;
};

}  // namespace

void AdamWSettings::fields(FieldVisitor& f) { moment_fields(f, *this); }

OptimizerFactory adamw(AdamWSettings settings) { return OptimizerFactory::of<AdamW>("adamw", settings); }

void register_adamw(OptimizerRegistry& registry) {
  registry.add<AdamW>("adamw", "Adam with decoupled weight decay", "Loshchilov and Hutter, ICLR 2019");
}

}  // namespace infomtl
