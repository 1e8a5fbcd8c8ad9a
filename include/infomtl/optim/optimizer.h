#pragma once
// Optimizer: an update rule over the flat parameters. Adamax (the paper's), AdamW, SGD; state is named and saved.
//
//   FlatParameters flat(...);
//   auto rule = optimizer_registry().build(Config::from_json({{"name", "adamax"}, {"learning_rate", 5e-5}}), flat);
//   auto schedule = schedule_registry().build(Config::from_json("linear"));
//   rule->step(rule->learning_rate() * schedule->factor(step, total));
//
// Every parameter moves at every step, also one whose gradient is zero because its task was not drawn: its moments
// fade, as they do in PyTorch when gradients are zeroed rather than dropped.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

class INFOMTL_API Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// One update in place with this learning rate; the first call is step 1.
  virtual void step(double learning_rate) = 0;
  /// The peak learning rate of its config.
  virtual double learning_rate() const = 0;
  /// Named state tensors (moments), in place: saving reads them, loading copies into them.
  virtual std::vector<std::pair<std::string, Tensor>> state() = 0;
  virtual std::int64_t steps() const = 0;
  virtual void set_steps(std::int64_t steps) = 0;
};

using OptimizerRegistry = Registry<Optimizer, FlatParameters&>;
INFOMTL_API OptimizerRegistry& optimizer_registry();
INFOMTL_API void register_builtin_optimizers(OptimizerRegistry& registry);

/// Learning rate as a factor of its peak, by optimiser step (0-based) of `total` steps.
class INFOMTL_API LearningRateSchedule {
 public:
  virtual ~LearningRateSchedule() = default;
  virtual double factor(std::int64_t step, std::int64_t total) const = 0;
};

/// constant, linear, cosine, warmup_constant; each rises as min(1, (step+1)/W) over W warm-up steps, given as
/// warmup_steps or as warmup_ratio of the total, W = max(1, floor(ratio * total)).
using ScheduleRegistry = Registry<LearningRateSchedule>;
INFOMTL_API ScheduleRegistry& schedule_registry();
INFOMTL_API void register_builtin_schedules(ScheduleRegistry& registry);

}  // namespace infomtl
