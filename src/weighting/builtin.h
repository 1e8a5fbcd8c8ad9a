#pragma once
// What the built-in weightings share. Each lives in a file of its own that ends with the function that registers it;
// builtin.cpp is the list.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "infomtl/weighting/weightings.h"

namespace infomtl::weightings {

/// Traits: the regimes a method is defined in, and what it reads of the step.
inline WeightingTraits in_both_regimes(GradientKind gradients) { return {.gradients = gradients}; }
inline WeightingTraits joint_only(GradientKind gradients) {
  return {.regimes = {Regime::joint}, .gradients = gradients};
}
inline WeightingTraits gives_direction(WeightingTraits traits) {
  traits.gives_direction = true;
  return traits;
}
inline WeightingTraits reads_batches(WeightingTraits traits, int batches) {
  traits.batches = batches;
  return traits;
}

/// Says where settings do not fit the tasks: a field ("" for all of them) and what is wrong. Throws.
using Refusal = std::function<void(std::string_view field, const std::string& message)>;

/// Settings that must also fit the tasks have an overload of their own beside their class.
template <class Settings>
void check_tasks(const Settings& /*settings*/, const WeightingContext& /*tasks*/, const Refusal& /*refuse*/) {}

/// Registers a weighting whose settings have such an overload.
template <class Class>
void add_checked(WeightingRegistry& registry, std::string name, std::string summary, std::string source,
                 const WeightingTraits& traits) {
  registry.add({.name = std::move(name),
                .summary = std::move(summary),
                .source = std::move(source),
                .options = describe_fields<typename Class::Settings>()},
               traits, [](const Config& config, const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
                 const auto settings = config.read<typename Class::Settings>();
                 check_tasks(settings, tasks, [&](std::string_view field, const std::string& message) {
                   field.empty() ? config.fail(message) : config.fail(field, message);
                 });
                 return std::make_shared<Class>(settings, tasks);
               });
}

/// @throws ConfigError when the weighting compares the tasks of a step and there is one task per step
void refuse_regime(const std::string& name, const WeightingContext& tasks);

/// The factory of a method from code: settings and tasks are checked as a config's are.
template <class Class>
WeightingFactory made_by(const std::string& name, typename Class::Settings settings) {
  const std::string owner = "weighting \"" + name + "\"";
  check_fields(settings, owner);
  return WeightingFactory::Make([=](const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
    refuse_regime(name, tasks);
    check_tasks(settings, tasks, [&](std::string_view field, const std::string& message) {
      throw ConfigError(field.empty() ? message : owner + ": " + std::string(field) + ": " + message);
    });
    auto made = std::make_shared<Class>(settings, tasks);
    made->set_gradients_read(weighting_registry().traits(name).gradients);
    made->set_regimes(weighting_registry().traits(name).regimes);
    return made;
  });
}

/// What heads get while the shared parameters follow the method (methods differ; LibMTL's choice is each one's
/// default).
inline torch::Tensor head_weights(const std::string& head_gradient, const torch::Tensor& weights) {
  return head_gradient == "plain" ? torch::ones_like(weights) : torch::Tensor();
}

/// Of per-task values [task_count], those of the step's tasks.
torch::Tensor of_step(const torch::Tensor& values, const TaskGradients& task_gradients);

/// Adds d/d parameter_t of the step's tasks to the gradient of a parameter [task_count].
void add_gradient(const torch::Tensor& parameter, const TaskGradients& task_gradients, const torch::Tensor& gradient);

/// What products of gradients and solvers tell of a step, for GradientWeighting::diagnostics().
class GramDiagnostics {
 public:
  /// @param gram [T, T] of the step's tasks
  void see(const torch::Tensor& gram, const TaskGradients& task_gradients);
  /// @return its weights
  torch::Tensor see(const ops::Solution& solution);
  GradientWeighting::Diagnostics named() const;

 private:
  torch::Tensor gram_;
  std::vector<std::size_t> tasks_;
  std::optional<double> residual_;
  bool stationary_ = false;
};

/// The fields "head_gradient" and "gradient" of settings.
void head_gradient_field(FieldVisitor& f, std::string& head_gradient);
void gradient_field(FieldVisitor& f, std::string& gradient);
/// ops::adam for the tasks of a step, whose moments and counts of steps are rows of the state [task_count].
torch::Tensor adam_step(const torch::Tensor& values, const torch::Tensor& gradient, double learning_rate,
                        ops::AdamState& state, const TaskGradients& task_gradients);
/// Names Adam's state for saving.
void visit(ops::AdamState& state, StateVisitor& visitor);

/// How a bilevel method moves its task weights: the fields "meta_learning_rate" and "meta_optimizer" of settings.
class MetaStep {
 public:
  MetaStep(std::string optimizer, double learning_rate) : adam_(optimizer == "adam"), learning_rate_(learning_rate) {}
  /// Values of the step's tasks [k] after a step along minus the gradient.
  torch::Tensor operator()(const torch::Tensor& values, const torch::Tensor& gradient,
                           const TaskGradients& task_gradients);
  void visit_state(StateVisitor& visitor) { visit(state_, visitor); }

 private:
  bool adam_;
  double learning_rate_;
  ops::AdamState state_;
};
void meta_step_fields(FieldVisitor& f, std::string& optimizer, double& learning_rate);

/// The field "learning_rate" of what a method learns by gradients of its own.
void learning_rate_field(FieldVisitor& f, double& learning_rate);

/// A weighting whose weights are a function of K = G G^T (and the losses).
class GramWeighting : public GradientWeighting {
 public:
  void backward(TaskGradients& task_gradients) final;
  Diagnostics diagnostics() const override { return diagnostics_.named(); }

 protected:
  /// @param head_gradient, gradient  as in the settings of weightings.h
  explicit GramWeighting(std::string head_gradient, std::string gradient = "parameters")
      : head_gradient_(std::move(head_gradient)), gradient_(std::move(gradient)) {}
  /// [T] weights of the step.
  virtual torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) = 0;
  /// The weights of what a solver found, which diagnostics() then tells of.
  torch::Tensor solved(const ops::Solution& solution) { return diagnostics_.see(solution); }

 private:
  std::string head_gradient_, gradient_;
  GramDiagnostics diagnostics_;
};

}  // namespace infomtl::weightings
