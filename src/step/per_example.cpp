#include "infomtl/step/per_example.h"

#include <algorithm>
#include <memory>

#include "infomtl/core/errors.h"
#include "step/gradient_rows.h"
#include "step/task_gradient_sink.h"
#include "step/views.h"

namespace infomtl {
namespace {

/// The sums of the task's terms, times their weights, over the pass's only task: a scalar with graph, or undefined.
Tensor weighted_sums(const ForwardContext& context, ForwardPass& pass) {
  TaskStep& step = pass.task(0);
  std::vector<std::int64_t> ones = context.objective->counts(step.task(), step.batch());
  for (std::int64_t& count : ones) count = std::min<std::int64_t>(count, 1);
  const Tensor sum = pass.loss(0, ones).value;
  return sum.requires_grad() ? sum : Tensor();
}

std::vector<Tensor> gradients_of(const Tensor& sum, const std::vector<Tensor>& parameters) {
  return torch::autograd::grad({sum}, parameters, {}, /*retain_graph=*/false, /*create_graph=*/false,
                               /*allow_unused=*/true);
}

std::vector<FlatSlot> slots_of(const std::vector<Tensor>& parameters) {
  std::vector<FlatSlot> slots;
  std::int64_t begin = 0;
  for (const Tensor& parameter : parameters) {
    if (!parameter.is_leaf() || !parameter.requires_grad()) {
      throw StateError("per-example gradients: a tensor that is not a leaf with gradients");
    }
    FlatSlot slot;
    slot.parameter = parameter;
    slot.begin = begin;
    slot.end = begin += parameter.numel();
    slots.push_back(std::move(slot));
  }
  if (slots.empty()) throw StateError("per-example gradients: of no parameter");
  return slots;
}

}  // namespace

Tensor per_example_gradients(const ForwardContext& given, const StepBatch& batch, std::size_t k,
                             const std::vector<Tensor>& parameters) {
  ForwardContext context = given;
  context.training = context.records = false;
  const auto columns = std::make_shared<GradientColumns>(slots_of(parameters));
  const torch::AutoGradMode with_graph(true);

  const StepBatch rows = only_task(batch, k);
  const std::int64_t count = rows.tasks[0].rows.size(0);
  Tensor memory;
  GradientRows gradients(columns, count, parameters[0].options().requires_grad(false), memory);
  const auto sink = std::make_shared<TaskGradientSink>();
  std::vector<Tensor> one_by_one;  // parameters whose rows cannot be told apart
  {
    ForwardPass pass(context, rows, sink, RowOwner::row);
    const Tensor sum = weighted_sums(context, pass);
    if (sum.defined()) {
      if (pass.segmented()) sink->collect(gradients);
      const std::vector<Tensor> ordinary = gradients_of(sum, parameters);
      for (std::size_t p = 0; p < parameters.size(); ++p) {
        if (!ordinary[p].defined()) continue;
        one_by_one.push_back(parameters[p]);
        if (sink->took(parameters[p])) gradients.of(parameters[p]).zero_();
      }
      sink->close_all();
    }
  }
  for (std::int64_t b = 0; b < count && !one_by_one.empty(); ++b) {
    ForwardPass pass(context, only_row(rows, 0, b));
    const Tensor sum = weighted_sums(context, pass);
    if (!sum.defined()) continue;
    const std::vector<Tensor> found = gradients_of(sum, one_by_one);
    for (std::size_t p = 0; p < one_by_one.size(); ++p) {
      if (found[p].defined()) gradients.add(b, one_by_one[p], found[p]);
    }
  }
  return gradients.values();
}

}  // namespace infomtl
