#pragma once
// Per-example gradients: the gradient of a task's loss on every single row, for influence functions and the like.
//
//   std::vector<Tensor> head = model.head(t).parameters();
//   Tensor g = per_example_gradients(context, batch, k, head);   // [B, n]
//
// Letters: B rows of the task in the batch, n entries of the chosen parameters.

#include <cstddef>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/step/forward_pass.h"

namespace infomtl {

/// Row b: d/d(parameters) of sum_i w_i L_i(b), L_i(b) the i-th term's sum over the items of row b (the row itself, or
/// its words), not divided by a count. The rows' sum is thus the gradient of the sums of the whole batch.
///
/// In evaluation mode: no noise, and of the objective's terms those with in_evaluation(), which are sums over rows.
/// Encoder parameters that its operations can tell apart by rows take one backward pass, others one forward and
/// backward pass per row.
///
/// @param context  model and objective; `training` is taken as false
/// @param k  place of the task in the batch; @param parameters  leaves of the model that require gradients, each once
/// @return [B, n] in the order of `parameters`, of their type and device
/// @throws StateError for parameters that are none, or require no gradient
INFOMTL_API Tensor per_example_gradients(const ForwardContext& context, const StepBatch& batch, std::size_t k,
                                         const std::vector<Tensor>& parameters);

}  // namespace infomtl
