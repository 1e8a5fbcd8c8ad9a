#pragma once
// Gradient weighting: turns the T task losses of a step into one update. The trainer knows this interface only.
//
//   class Equal final : public GradientWeighting {
//     void backward(TaskGradients& task_gradients) override {
//       task_gradients.apply_weights(torch::ones({std::int64_t(task_gradients.size())}));
//     }
//   };
//
// Parameters that a weighting registers are trained by the main optimiser, without weight decay, and saved; their
// gradients are clipped apart from the model's; other state
// that must survive a restart is named in visit_state().

#include <torch/nn/module.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/regime.h"
#include "infomtl/core/registry.h"
#include "infomtl/core/settings.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/optim/parameter_groups.h"
#include "infomtl/weighting/task_gradients.h"

namespace infomtl {

/// What a weighting may know of the tasks when it is built.
struct WeightingContext {
  std::vector<std::string> names;
  std::vector<std::int64_t> train_rows;
  Regime regime = Regime::joint;
  bool sampled_by_size = false;  ///< alternating: tasks come up in proportion to their rows
};

/// What the pretrained encoder makes of one task's training rows, and their labels.
struct TaskInputs {
  TaskKind kind = TaskKind::classification;
  std::int64_t outputs = 0;  ///< C
  torch::Tensor features;    ///< [B, H] pooled, float32 on the CPU; rows in the order of the task's split
  torch::Tensor labels;      ///< as TaskBatch::labels
  /// [B] int64, as TaskBatch::texts: equal where rows have the same tokens; may be undefined
  torch::Tensor texts = {};
  std::int64_t width = 0;  ///< H, also where the features are undefined; 0: not known
};

/// Reads the state of a weighting for saving, or writes it when a run is continued.
class INFOMTL_API StateVisitor {
 public:
  virtual ~StateVisitor() = default;
  /// A tensor that may be undefined until the first step.
  virtual void tensor(const std::string& name, torch::Tensor& value) = 0;
  virtual void counter(const std::string& name, std::int64_t& value) = 0;
};

/// What a weighting reads of a step.
enum class GradientKind {
  losses,    ///< the tasks' losses only
  gram,      ///< products of the tasks' gradients
  jacobian,  ///< the gradients themselves
  inner,     ///< what the weighting that it wraps reads
};

class INFOMTL_API GradientWeighting : public torch::nn::Module {
 public:
  /// Reads the losses or gradients and ends the step with exactly one apply_... call; adds the gradients of the weighting's own
  /// parameters. Not called in a step in which no task has a loss, nor is after_update().
  virtual void backward(TaskGradients& task_gradients) = 0;
  /// Whether begin() is to be called; it costs one pass of the encoder over the training rows.
  virtual bool needs_features() const { return false; }
  /// When training is set up, where begin() is to be called: the same inputs but for the features, which are undefined.
  /// @throws ConfigError for tasks that begin() would refuse, as far as that can be told from texts and labels
  virtual void check(const std::vector<TaskInputs>& /*tasks*/) const {}
  /// Before the first step of a run (not of a continued one: what is made of the inputs is state). @throws ConfigError
  virtual void begin(const std::vector<TaskInputs>& /*tasks*/) {}
  /// After the optimiser's step, with the same task_gradients.
  virtual void after_update(TaskGradients& /*task_gradients*/) {}
  /// After an epoch: mean training loss of each task, NaN for a task that was not seen.
  virtual void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& /*mean_losses*/) {}
  /// What the last backward() tells of itself for the log, where it is "diagnostics/weighting/<name>". Names in use:
  ///   cosine/<i>/<j>      of the gradients of tasks i < j (indices of the experiment's tasks); methods that read them
  ///   conflicts           share of those pairs with a negative product
  ///   residual            of a solver, free of the scale of gradients (ops/aggregation says which)
  ///   stationary          1 where a solver noticed that no direction improves all tasks, else 0
  ///   weight/<task>       of a method whose weights stay, or are not a function of the step's losses alone
  ///   smoothed/<task>     weight after smoothing; what the smoothed weighting tells is inner/<name>
  using Diagnostics = std::vector<std::pair<std::string, double>>;
  virtual Diagnostics diagnostics() const { return {}; }
  /// [T] float64 on the CPU: the weights of the tasks' losses, of a method that finds them before the first step and keeps
  /// them; undefined before that, and of any other method. results.json has them as "loss_weights".
  virtual torch::Tensor found_weights() const { return {}; }
  /// Rates of its own for what it learns (optim/parameter_groups.h: own_rate), matched against the names of its parameters;
  /// a config's groups win.
  virtual std::vector<ParameterGroup> parameter_groups() const { return {}; }
  /// Names every piece of state beside the parameters: what a continued run needs to go on bit for bit.
  virtual void visit_state(StateVisitor& /*visitor*/) {}

  /// What it reads of a step, as the traits of its registration say; none for one that was not built by its name.
  virtual std::optional<GradientKind> gradients_read() const { return gradients_read_; }
  void set_gradients_read(GradientKind kind) { gradients_read_ = kind; }
  /// The regimes in which it is defined, likewise; empty for one that was not built by its name: any.
  const std::vector<Regime>& regimes() const { return regimes_; }
  void set_regimes(std::vector<Regime> regimes) { regimes_ = std::move(regimes); }

 private:
  std::optional<GradientKind> gradients_read_;
  std::vector<Regime> regimes_;
};

/// cosine/<i>/<j> and conflicts, as diagnostics() names them, of the tasks of a step.
/// @param gram  [T, T] products of their gradients, on the CPU, float64 @param tasks  [T] their places
INFOMTL_API GradientWeighting::Diagnostics conflicts_of(const torch::Tensor& gram,
                                                        const std::vector<std::size_t>& tasks);

/// What is known of a weighting before one is built.
struct INFOMTL_API WeightingTraits {
  std::vector<Regime> regimes = {Regime::alternating, Regime::joint};  ///< in which it is defined
  GradientKind gradients = GradientKind::losses;
  int batches = 1;               ///< independent batches per step
  bool gives_direction = false;  ///< its step is no weighted sum of gradients, so nothing can average its weights
  bool alone = true;             ///< also for a task alone ("single"), where it is defined in the alternating regime

  bool defined_in(Regime regime) const;
  /// What `infomtl list` prints; "single" is the alternating regime with one task.
  std::vector<RegistryTrait> listed() const;
};

/// Weightings by name, with their traits.
class INFOMTL_API WeightingRegistry : public Registry<GradientWeighting, const WeightingContext&> {
 public:
  using Registry::Registry;

  void add(RegistryEntry entry, const WeightingTraits& traits, Factory factory) {
    entry.traits = traits.listed();
    const std::string name = entry.name;
    Registry::add(std::move(entry), std::move(factory));
    traits_[name] = traits;
  }
  /// Registers a class with a nested `Settings` and a constructor Class(Settings, const WeightingContext&).
  template <class Class>
  void add(std::string name, std::string summary, std::string source = "", const WeightingTraits& traits = {}) {
    add({.name = std::move(name),
         .summary = std::move(summary),
         .source = std::move(source),
         .options = describe_fields<typename Class::Settings>()},
        traits, [](const Config& config, const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
          return std::make_shared<Class>(read_settings<typename Class::Settings>(config), tasks);
        });
  }
  /// @param name  as listed, no alias
  const WeightingTraits& traits(const std::string& name) const { return traits_.at(name); }

 private:
  std::map<std::string, WeightingTraits> traits_;
};

/// Makes a weighting once the tasks are known: weighting/weightings.h has one for each built-in method. An object that
/// is made already will do, too.
class INFOMTL_API WeightingFactory {
 public:
  using Make = std::function<std::shared_ptr<GradientWeighting>(const WeightingContext&)>;

  WeightingFactory(Make make) : make_(std::move(make)) {}  // NOLINT(google-explicit-constructor)
  template <std::derived_from<GradientWeighting> Weighting>
  WeightingFactory(std::shared_ptr<Weighting> made)  // NOLINT(google-explicit-constructor)
      : make_([made = std::move(made)](const WeightingContext&) { return made; }) {}

  /// @throws ConfigError where the weighting is not defined for these tasks or their regime
  std::shared_ptr<GradientWeighting> operator()(const WeightingContext& tasks) const { return make_(tasks); }

 private:
  Make make_;
};

/// All weightings by name; the built-in ones are there from the start.
INFOMTL_API WeightingRegistry& weighting_registry();
/// Builds what the config's "weighting" says. @throws ConfigError when it is not defined in the regime of `tasks`
INFOMTL_API std::shared_ptr<GradientWeighting> build_weighting(const Config& config, const WeightingContext& tasks);
/// Puts every built-in weighting into `registry`; the one list of them.
INFOMTL_API void register_builtin_weightings(WeightingRegistry& registry);

}  // namespace infomtl
