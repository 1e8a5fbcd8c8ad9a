#pragma once
// Gradient weighting: turns the T task losses of a step into one update. The trainer knows this interface only.
//
//   class Equal final : public GradientWeighting {
//     void backward(TaskGradients& task_gradients) override {
//       task_gradients.apply_weights(torch::ones({std::int64_t(task_gradients.size())}));
//     }
//   };
//
// Parameters that a weighting registers are trained by the main optimiser, without weight decay, and saved; other state
// that must survive a restart is named in visit_state().

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/weighting/task_gradients.h"

namespace infomtl {

/// What a weighting may know of the tasks when it is built.
struct WeightingContext {
  std::vector<std::string> names;
  std::vector<std::int64_t> train_rows;
  bool joint = true;             ///< every task in every step, or one task a step
  bool sampled_by_size = false;  ///< one task a step: tasks come up in proportion to their rows
};

/// Reads the state of a weighting for saving, or writes it when a run is continued.
class INFOMTL_API StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  /// A tensor that may be undefined until the first step.
  virtual void tensor(const std::string& name, torch::Tensor& value) = 0;
  virtual void counter(const std::string& name, std::int64_t& value) = 0;
};

class INFOMTL_API GradientWeighting : public torch::nn::Module {
 public:
  /// Reads the losses or gradients and ends the step with exactly one apply_... call; adds the gradients of the weighting's own
  /// parameters.
  virtual void backward(TaskGradients& task_gradients) = 0;
  /// After the optimiser's step, with the same task_gradients.
  virtual void after_update(TaskGradients& /*task_gradients*/) {}
  /// After an epoch: mean training loss of each task, NaN for a task that was not seen.
  virtual void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& /*mean_losses*/) {}
  /// What the last backward() tells of itself for the log, where it is "diagnostics/weighting/<name>". Names in use:
  ///   cosine/<i>/<j>      of the gradients of tasks i < j (indices of the experiment's tasks); methods that read them
  ///   conflicts           share of those pairs with a negative product
  ///   residual            of a solver, free of the scale of gradients (ops/aggregation says which)
  ///   stationary          1 where a solver noticed that no direction improves all tasks, else 0
  ///   smoothed/<task>     weight after smoothing; what the smoothed weighting tells is inner/<name>
  using Diagnostics = std::vector<std::pair<std::string, double>>;
  virtual Diagnostics diagnostics() const { return {}; }
  /// Names every piece of state beside the parameters: what a continued run needs to go on bit for bit.
  virtual void visit_state(StateVisitor& /*visitor*/) {}
};

using WeightingRegistry = Registry<GradientWeighting, const WeightingContext&>;

/// All weightings by name; the built-in ones are there from the start.
INFOMTL_API WeightingRegistry& weighting_registry();
/// Builds what the config's "weighting" says. @throws ConfigError when it is not defined in the regime of `tasks`
INFOMTL_API std::shared_ptr<GradientWeighting> build_weighting(const Config& config, const WeightingContext& tasks);
/// Puts every built-in weighting into `registry`; the one list of them.
INFOMTL_API void register_builtin_weightings(WeightingRegistry& registry);

}  // namespace infomtl
