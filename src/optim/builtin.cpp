#include "optim/builtin.h"

namespace infomtl {

void register_builtin_optimizers(OptimizerRegistry& registry) {
  register_adamax(registry);
  register_adamw(registry);
  register_sgd(registry);
}

OptimizerRegistry& optimizer_registry() {
  static OptimizerRegistry registry = [] {
    OptimizerRegistry built;
    register_builtin_optimizers(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
