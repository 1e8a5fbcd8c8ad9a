#pragma once
// Steps and terms for tests of loss terms.

#include <cstdlib>

#include "infomtl/core/config.h"
#include "infomtl/losses/loss_term.h"
#include "support/compare.h"
#include "support/fixed_task_step.h"
#include "support/gradcheck.h"

namespace infomtl::testing {

/// Two tasks of three classes over an encoder of width H.
inline TermContext context_of(std::int64_t width = 6,
                              std::vector<TaskKind> kinds = {TaskKind::classification, TaskKind::classification}) {
  TermContext context{.tasks = {}, .width = width, .representation = width, .seed = 5};
  for (std::size_t t = 0; t < kinds.size(); ++t) {
    Task task;
    task.name = "task" + std::to_string(t);
    task.kind = kinds[t];
    if (task.kind != TaskKind::regression) task.labels = {"a", "b", "c"};
    context.tasks.push_back(task);
  }
  return context;
}

/// A term as a config builds it.
inline std::shared_ptr<LossTerm> term_of(const Json& config, const TermContext& context = context_of()) {
  return loss_registry().build(Config::from_json(config, "test"), context);
}

inline Tensor random_rows(std::int64_t seed, std::int64_t rows, std::int64_t width = 6) {
  return ops::TensorRandom(static_cast<std::uint64_t>(seed)).normal({rows, width}).to(torch::kFloat64);
}

/// A step whose two views are given.
inline FixedTaskStep viewed_step(const Tensor& first, const Tensor& second) {
  auto step = fixed_step(TaskKind::classification, torch::zeros({first.size(0)}, torch::kInt64));
  step.shared_views = {first, second};
  return step;
}

/// A step of a gaussian head, its sample given.
inline FixedTaskStep gaussian_step(TaskKind kind, const Tensor& labels, const Tensor& mean, const Tensor& log_variance,
                                   const Tensor& sample) {
  auto step = fixed_step(kind, labels);
  step.predictions = {{.output = sample, .mean = mean, .log_variance = log_variance}};
  step.shared_views = {mean};
  return step;
}

/// The gradient of `value()` in every parameter of the term, against central differences. The term becomes float64.
inline ::testing::AssertionResult parameter_gradients_match(LossTerm& term, const std::function<Tensor()>& value,
                                                            double tolerance = 1e-6) {
  if (term.parameters().empty()) return ::testing::AssertionSuccess();
  for (const auto& parameter : term.named_parameters()) {
    parameter.value().set_data(parameter.value().to(torch::kFloat64));
  }
  const auto found = torch::autograd::grad({value()}, term.parameters(), {}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
  std::size_t next = 0;
  for (const auto& parameter : term.named_parameters()) {
    const Tensor& own = found[next++];
    const Tensor analytic = own.defined() ? own : torch::zeros_like(parameter.value());
    const torch::NoGradGuard no_grad;
    Tensor numeric = torch::zeros_like(analytic);
    Tensor flat = parameter.value().view(-1), to = numeric.view(-1);
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
      const double kept = flat[i].item<double>();
      flat[i] = kept + 1e-6;
      const double above = value().item<double>();
      flat[i] = kept - 1e-6;
      to[i] = (above - value().item<double>()) / 2e-6;
      flat[i] = kept;
    }
    auto same = close(analytic, numeric, tolerance, tolerance);
    if (!same) return same << " in the gradient of " << parameter.key();
  }
  return ::testing::AssertionSuccess();
}

}  // namespace infomtl::testing
