#pragma once
// What the built-in rules share. Each lives in a file of its own that ends with the function that registers it;
// builtin.cpp is the list.

#include "infomtl/core/config.h"
#include "infomtl/optim/optimizer.h"
#include "optim/updates.h"

namespace infomtl {

void register_adamax(OptimizerRegistry& registry);
void register_adamw(OptimizerRegistry& registry);
void register_sgd(OptimizerRegistry& registry);

/// The fields that every rule's settings have.
template <class Settings>
void common_fields(FieldVisitor& f, Settings& settings) {
  f.field("learning_rate", settings.learning_rate, "peak learning rate", above(0.0));
  f.field("weight_decay", settings.weight_decay, "weight decay", at_least(0.0));
  f.field("decay_all", settings.decay_all, "decay biases, norms and other vectors too");
}

/// Those of the rules with two moments.
template <class Settings>
void moment_fields(FieldVisitor& f, Settings& settings) {
  common_fields(f, settings);
  f.field("beta1", settings.beta1, "decay of the first moment", from_to_below(0.0, 1.0));
  f.field("beta2", settings.beta2, "decay of the second moment", from_to_below(0.0, 1.0));
  f.field("epsilon", settings.epsilon, "added to the denominator", above(0.0));
}

/// A built-in rule: the buffers, and the functions for their device and type.
class BuiltinOptimizer : public Optimizer {
 protected:
  template <class Settings>
  BuiltinOptimizer(FlatParameters& parameters, const Settings& settings)
      : Optimizer(parameters, {.learning_rate = settings.learning_rate,
                               .weight_decay = settings.weight_decay,
                               .decay_all = settings.decay_all}),
        values_(parameters.values()),
        gradients_(parameters.gradients()),
        updates_(updates_for(values_)) {}

  static Tensor at(const Tensor& flat, const UpdateRange& range) { return flat.slice(0, range.begin, range.end); }

  Tensor values_, gradients_;
  const UpdateTable& updates_;
};

}  // namespace infomtl
