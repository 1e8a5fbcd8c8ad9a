#include "infomtl/optim/sgd.h"

#include "optim/builtin.h"

namespace infomtl {
namespace {

/// g <- g + lambda x;  b <- mu b + g;  x <- x - eta (nesterov ? g + mu b : b)
class Sgd final : public BuiltinOptimizer {
 public:
  using Settings = SgdSettings;
  Sgd(Settings settings, FlatParameters& parameters) : BuiltinOptimizer(parameters, settings), settings_(settings) {
    if (settings_.momentum > 0) velocity_ = torch::zeros_like(values_);
  }

  std::vector<std::pair<std::string, Tensor>> state() override {
    if (!velocity_.defined()) return {};
    return {{"velocity", velocity_}};
  }

 private:
  void update(const UpdateRange& range) override {
    updates_.sgd({.value = at(values_, range),
                  .gradient = at(gradients_, range),
                  .velocity = velocity_.defined() ? at(velocity_, range) : Tensor(),
                  .rate = range.learning_rate,
                  .decay = range.weight_decay,
                  .momentum = settings_.momentum,
                  .nesterov = settings_.nesterov});
  }

  Settings settings_;
  Tensor velocity_;
};

}  // namespace

void SgdSettings::fields(FieldVisitor& f) {
  common_fields(f, *this);
  f.field("momentum", momentum, "decay of the velocity", from_to_below(0.0, 1.0));
  f.field("nesterov", nesterov, "look ahead along the velocity");
  f.only_where(momentum > 0, {"nesterov"}, "\"momentum\" is above 0");
}

OptimizerFactory sgd(SgdSettings settings) { return OptimizerFactory::of<Sgd>("sgd", settings); }

void register_sgd(OptimizerRegistry& registry) {
  registry.add<Sgd>("sgd", "stochastic gradient descent, optionally with (Nesterov) momentum",
                    "Robbins and Monro 1951");
}

}  // namespace infomtl
