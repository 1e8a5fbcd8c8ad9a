#include "step/task_gram.h"

#include <algorithm>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl {

bool TaskGram::compute() {
  // A task's gradient is a sum over micro-batches, and products of sums are not sums of products. One task alone needs
  // no more memory for its row than its ordinary gradient.
  if (losses_.micro_count() > 1 || losses_.size() == 1) return false;
  // So it is with a parameter that a pass uses twice (a repeated encoding, layers that share one). What a step finds
  // out spares the next ones the try.
  if (memory_.findings->needs_jacobian) return false;
  // Rows of several tasks: gradients come task by task, each over all parameters.
  const LossPass& pass = losses_.graph(0);
  if (!jacobian_.one_backward_suffices(pass)) return false;

  // Rows are kept of vectors, for they are small, and of what lies behind the encoder: that has no segments and goes
  // task by task, before the graph is used up.
  std::vector<FlatSlot> slots;
  std::vector<Tensor> behind_encoder;
  for (const FlatSlot& slot : jacobian_.shared_slots()) {
    const bool in_encoder = slot.part == ParameterPart::encoder;
    if (!in_encoder) behind_encoder.push_back(slot.parameter);
    if (!in_encoder || slot.parameter.dim() < 2) slots.push_back(slot);
  }
  auto rows = std::make_unique<GradientRows>(std::make_shared<GradientColumns>(slots), losses_.size(),
                                             losses_.options(), small_rows_memory_);
  jacobian_.start_own_rows();
  jacobian_.add_own_rows(pass);
  jacobian_.add_separately(pass, behind_encoder, *rows);
  const Tensor gram = torch::zeros({losses_.size(), losses_.size()}, losses_.options().dtype(torch::kFloat64));
  sink_.collect_and_multiply(*rows, jacobian_.columns_in_use(), gram, memory_.scratch);
  const TaskJacobian::OneBackward found = jacobian_.backward_once(pass, /*keep_graph=*/false);
  losses_.drop_graph();
  const bool all = std::all_of(found.not_taken.begin(), found.not_taken.end(), [&](const Tensor& parameter) {
    return std::any_of(behind_encoder.begin(), behind_encoder.end(),
                       [&](const Tensor& other) { return other.is_same(parameter); });
  });
  if (!all || !sink_.exact()) {
    memory_.findings->needs_jacobian = true;
    sink_.forget();
    return false;
  }
  ops::add_gram(rows->values(), gram);
  small_rows_ = std::move(rows);
  gram_ = gram.to(torch::kCPU);
  return true;
}

void TaskGram::add_combination(const Tensor& weights, const Tensor& own_weights) {
  sink_.add_sums(weights, parameters_);
  small_rows_->add_combination(weights, parameters_.gradients());
  jacobian_.own_rows().add_combination(own_weights, parameters_.gradients());
}

}  // namespace infomtl
