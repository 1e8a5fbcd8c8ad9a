#include "infomtl/optim/adamax.h"

#include <cmath>

#include "optim/builtin.h"

namespace infomtl {
namespace {

/// g <- g + lambda x;  m <- m + (1 - beta1)(g - m);  u <- max(beta2 u, |g| + epsilon);  x <- x - eta / (1 - beta1^t) m / u
class Adamax final : public BuiltinOptimizer {
 public:
  using Settings = AdamaxSettings;
  Adamax(Settings settings, FlatParameters& parameters)
      : BuiltinOptimizer(parameters, settings),
        settings_(settings),
        moment_(torch::zeros_like(values_)),
        norm_(torch::zeros_like(values_)) {}

  std::vector<std::pair<std::string, Tensor>> state() override {
    return {{"first_moment", moment_}, {"infinity_norm", norm_}};
  }

 private:
  void update(const UpdateRange& range) override {
    updates_.adamax({.value = at(values_, range),
                     .gradient = at(gradients_, range),
                     .moment = at(moment_, range),
                     .norm = at(norm_, range),
                     .rate = range.learning_rate / (1.0 - std::pow(settings_.beta1, static_cast<double>(range.step))),
                     .decay = range.weight_decay,
                     .beta1 = settings_.beta1,
                     .beta2 = settings_.beta2,
                     .epsilon = settings_.epsilon});
  }

  Settings settings_;
  Tensor moment_, norm_;
};

}  // namespace

void AdamaxSettings::fields(FieldVisitor& f) { moment_fields(f, *this); }

OptimizerFactory adamax(AdamaxSettings settings) { return OptimizerFactory::of<Adamax>("adamax", settings); }

void register_adamax(OptimizerRegistry& registry) {
  registry.add<Adamax>("adamax", "Adam with the infinity norm; weight decay coupled to the gradient",
                       "Kingma and Ba, ICLR 2015");
}

}  // namespace infomtl
