#include "weighting/builtin.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "weighting/step_rows.h"

namespace infomtl {

namespace weightings {

torch::Tensor of_step(const torch::Tensor& values, const TaskGradients& task_gradients) {
  std::vector<torch::Tensor> chosen;
  for (const std::size_t task : task_gradients.tasks()) chosen.push_back(values[static_cast<std::int64_t>(task)]);
  return torch::stack(chosen);
}

void add_gradient(const torch::Tensor& parameter, const TaskGradients& task_gradients, const torch::Tensor& gradient) {
  torch::NoGradGuard no_grad;
  torch::Tensor all = torch::zeros(parameter.sizes(), gradient.options());
  for (std::size_t k = 0; k < task_gradients.size(); ++k) {
    all[static_cast<std::int64_t>(task_gradients.tasks()[k])] += gradient[static_cast<std::int64_t>(k)];
  }
  all = ops::copied_like(all, parameter);
  torch::Tensor& place = const_cast<torch::Tensor&>(parameter).mutable_grad();
  if (place.defined()) {
    place += all;
  } else {
    place = all;
  }
}

void GramDiagnostics::see(const torch::Tensor& gram, const TaskGradients& task_gradients) {
  gram_ = gram.detach().to(torch::kCPU, torch::kFloat64);
  tasks_ = task_gradients.tasks();
}

torch::Tensor GramDiagnostics::see(const ops::Solution& solution) {
  residual_ = solution.residual;
  stationary_ = solution.stationary;
  return solution.weights;
}

GradientWeighting::Diagnostics GramDiagnostics::named() const {
  if (!gram_.defined()) return {};
  GradientWeighting::Diagnostics found = conflicts_of(gram_, tasks_);
  if (residual_.has_value()) {
    found.emplace_back("residual", *residual_);
    found.emplace_back("stationary", stationary_ ? 1.0 : 0.0);
  }
  return found;
}

void head_gradient_field(FieldVisitor& f, std::string& head_gradient) {
  f.choice("head_gradient", head_gradient, {"plain", "weighted"},
           "heads get the gradient of their loss, or that times its weight");
}

void visit(ops::AdamState& state, StateVisitor& visitor) {
  visitor.tensor("first_moment", state.first);
  visitor.tensor("second_moment", state.second);
  visitor.tensor("task_steps", state.task_steps);
  visitor.counter("steps", state.steps);
}

torch::Tensor adam_step(const torch::Tensor& values, const torch::Tensor& gradient, double learning_rate,
                        ops::AdamState& state, const TaskGradients& task_gradients) {
  if (state.first.defined() && !state.task_steps.defined()) {  // a checkpoint with one count for all tasks
    state.task_steps = torch::full_like(state.first, static_cast<double>(state.steps));
  }
  RowsOfStep first(state.first, task_gradients, 0.0), second(state.second, task_gradients, 0.0);
  RowsOfStep task_steps(state.task_steps, task_gradients, 0.0);
  ops::AdamState own{.first = first.rows, .second = second.rows, .task_steps = task_steps.rows, .steps = state.steps};
  torch::Tensor moved = ops::adam(values, gradient, learning_rate, own);
  first.rows = own.first, second.rows = own.second, task_steps.rows = own.task_steps;
  state.steps = own.steps;
  return moved;
}

torch::Tensor MetaStep::operator()(const torch::Tensor& values, const torch::Tensor& gradient,
                                   const TaskGradients& task_gradients) {
  return adam_ ? adam_step(values, gradient, learning_rate_, state_, task_gradients)
               : values - learning_rate_ * gradient;
}

void meta_step_fields(FieldVisitor& f, std::string& optimizer, double& learning_rate) {
  f.choice("meta_optimizer", optimizer, {"adam", "sgd"}, "how the task weights move; adam in LibMTL");
  f.field("meta_learning_rate", learning_rate, "of the task weights", above(0));
}

void learning_rate_field(FieldVisitor& f, double& learning_rate) {
  f.field("learning_rate", learning_rate, "peak rate of what is learned here; 0: the optimiser's", at_least(0));
}

void gradient_field(FieldVisitor& f, std::string& gradient) {
  f.choice("gradient", gradient, {"parameters", "representation"},
           "gradients of the shared parameters, or of the representation summed over rows: cheaper, but with different "
           "inputs per task no bound on the parameters' conflict");
}

void refuse_regime(const std::string& name, const WeightingContext& tasks) {
  if (weighting_registry().traits(name).defined_in(tasks.regime)) return;
  throw ConfigError("weighting \"" + name +
                    "\" compares the tasks of one step; set \"training\": {\"regime\": \"joint\"}");
}

void GramWeighting::backward(TaskGradients& task_gradients) {
  torch::Tensor gram;
  if (gradient_ == "parameters") {
    gram = task_gradients.gram();
  } else {
    std::vector<torch::Tensor> rows;
    for (const torch::Tensor& gradient : task_gradients.representation_gradients()) rows.push_back(gradient.sum(0));
    gram = ops::gram(torch::stack(rows));
  }
  diagnostics_.see(gram, task_gradients);
  const torch::Tensor found = weights(gram, task_gradients);
  task_gradients.apply_weights(found, head_weights(head_gradient_, found));
}

// In the order of `infomtl list`. clang-format lays the list out anew at every call.
// clang-format off
#define INFOMTL_WEIGHTINGS(X) \
  X(equal) X(constant) X(task_size) X(svd_reweighting) X(scale_invariant) X(uncertainty) X(geometric) X(dwa) X(imtl_l) X(rlw) \
  X(stch) X(famo) X(smoothed) X(gradnorm) X(mgda) X(pcgrad) X(gradvac) X(graddrop) X(imtl) \
  X(cagrad) X(nash_mtl) X(moco) X(aligned_mtl) X(upgrad) X(dualproj) X(fairgrad) X(db_mtl) \
  X(excess_mtl) X(sdmgrad) X(modo) X(conflict_free) X(krum) X(trimmed_mean) X(auto_lambda) X(moml) \
  X(forum)
// clang-format on

#define INFOMTL_DECLARE(name) void register_##name(WeightingRegistry& registry);
INFOMTL_WEIGHTINGS(INFOMTL_DECLARE)
#undef INFOMTL_DECLARE

}  // namespace weightings

void register_builtin_weightings(WeightingRegistry& registry) {
#define INFOMTL_REGISTER(name) weightings::register_##name(registry);
  INFOMTL_WEIGHTINGS(INFOMTL_REGISTER)
#undef INFOMTL_REGISTER
  registry.add_hints({{"svd", "svd_reweighting"}});
}

WeightingRegistry& weighting_registry() {
  static WeightingRegistry registry = [] {
    WeightingRegistry built("weighting", "equal");
    register_builtin_weightings(built);
    return built;
  }();
  return registry;
}

bool WeightingTraits::defined_in(Regime regime) const {
  return std::find(regimes.begin(), regimes.end(), regime) != regimes.end();
}

std::vector<RegistryTrait> WeightingTraits::listed() const {
  std::string words;
  for (const Regime regime : regimes) words += (words.empty() ? "\"" : ",\"") + name_of(regime) + "\"";
  if (alone && defined_in(Regime::alternating)) words += ",\"single\"";
  const char* read = gradients == GradientKind::losses     ? "losses"
                     : gradients == GradientKind::gram     ? "gram"
                     : gradients == GradientKind::jacobian ? "jacobian"
                                                           : "those of the inner weighting";
  std::vector<RegistryTrait> traits = {{"regimes", "[" + words + "]"}, {"gradients", "\"" + std::string(read) + "\""}};
  if (batches > 1) traits.push_back({"batches", std::to_string(batches)});
  if (gives_direction) traits.push_back({"gives", "\"direction\""});
  return traits;
}

GradientWeighting::Diagnostics conflicts_of(const torch::Tensor& gram, const std::vector<std::size_t>& tasks) {
  GradientWeighting::Diagnostics found;
  const auto products = gram.accessor<double, 2>();
  std::int64_t pairs = 0, conflicts = 0;
  for (std::int64_t i = 0; i < gram.size(0); ++i) {
    for (std::int64_t j = i + 1; j < gram.size(0); ++j) {
      ++pairs;
      conflicts += products[i][j] < 0 ? 1 : 0;
      const double norms = std::sqrt(products[i][i] * products[j][j]);
      const auto task = [&](std::int64_t k) { return std::to_string(tasks.at(static_cast<std::size_t>(k))); };
      if (norms > 0) found.emplace_back("cosine/" + task(i) + "/" + task(j), products[i][j] / norms);
    }
  }
  if (pairs > 0) found.emplace_back("conflicts", static_cast<double>(conflicts) / static_cast<double>(pairs));
  return found;
}

std::shared_ptr<GradientWeighting> build_weighting(const Config& config, const WeightingContext& tasks) {
  const std::string name = weighting_registry().name_in(config);
  with_context(config.where(), [&] { weightings::refuse_regime(name, tasks); });
  auto weighting = weighting_registry().build(config, tasks);
  weighting->set_gradients_read(weighting_registry().traits(name).gradients);
  weighting->set_regimes(weighting_registry().traits(name).regimes);
  return weighting;
}

}  // namespace infomtl
