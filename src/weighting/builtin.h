#pragma once
// What the built-in weightings share. Each lives in a file of its own that ends with the function that registers it;
// builtin.cpp is the list.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl::weightings {

/// Traits for `list`: the regimes a method is defined in and what it reads of the step: "losses", "gram" (products of
/// the tasks' gradients) or "jacobian" (the gradients).
inline Json in_both_regimes(const char* gradients) {
  return {{"regimes", {"alternating", "joint", "single"}}, {"gradients", gradients}};
}
inline Json joint_only(const char* gradients) { return {{"regimes", {"joint"}}, {"gradients", gradients}}; }
/// The trait of a method whose step is no weighted sum of the tasks' gradients, so that nothing can average its
/// weights.
inline Json gives_direction(Json traits) {
  traits["gives"] = "direction";
  return traits;
}
/// The trait of a method that reads so many batches a step.
inline Json reads_batches(Json traits, int batches) {
  traits["batches"] = batches;
  return traits;
}

/// Registers a weighting whose settings must also fit the tasks: Settings::check(config, tasks) says where they do not.
template <class Class>
void add_checked(WeightingRegistry& registry, std::string name, std::string summary, std::string source, Json traits) {
  registry.add({.name = std::move(name),
                .summary = std::move(summary),
                .source = std::move(source),
                .options = describe_fields<typename Class::Settings>(),
                .traits = std::move(traits)},
               [](const Config& config, const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
                 const auto settings = config.read<typename Class::Settings>();
                 settings.check(config, tasks);
                 return std::make_shared<Class>(settings, tasks);
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

/// Settings of weightings that need the Gram matrix only.
struct GramSettings {
  explicit GramSettings(std::string heads = "plain", bool representation = false)
      : head_gradient(std::move(heads)), allows_representation(representation) {}
  std::string head_gradient;
  std::string gradient = "parameters";
  bool allows_representation;
  void fields(FieldVisitor& f);
};

/// A weighting whose weights are a function of K = G G^T (and the losses).
class GramWeighting : public GradientWeighting {
 public:
  void backward(TaskGradients& task_gradients) final;
  Diagnostics diagnostics() const override { return diagnostics_.named(); }

 protected:
  explicit GramWeighting(GramSettings settings) : gram_settings_(std::move(settings)) {}
  /// [T] weights of the step.
  virtual torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) = 0;
  /// The weights of what a solver found, which diagnostics() then tells of.
  torch::Tensor solved(const ops::Solution& solution) { return diagnostics_.see(solution); }

 private:
  GramSettings gram_settings_;
  GramDiagnostics diagnostics_;
};

}  // namespace infomtl::weightings
