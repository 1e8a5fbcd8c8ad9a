#pragma once
// Supervised losses, and regularisers of what a head predicts.
//
//   LossValue loss = ops::focal(logits, labels, 2.0);
//   LossValue apart = ops::symmetric_kl(logits, logits_of_second_view);     // R-Drop
//
// Letters: B rows, C classes. Logits are taken in float32 (float64 stays). A row whose label is kUnknownLabel (-100)
// is left out of sum and count. NaN logits give a NaN loss. ShapeError when shapes do not fit or B = 0.

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl::ops {

/// Cross-entropy against (1 - smoothing) onehot + smoothing / C (Szegedy et al. 2016); plain cross-entropy for 0.
/// With weights the row's target mass on class c counts w_c times, as in torch.nn.CrossEntropyLoss, but the sum is
/// not divided by the weights of the batch's rows.
/// @param logits [B, C]; @param labels [B] int64; @param smoothing in [0, 1); @param class_weights  [C] w, undefined: ones
/// @return count: rows not left out (weights do not change it)
INFOMTL_API LossValue cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double smoothing = 0.0,
                                    const torch::Tensor& class_weights = {});

/// Mean over the C classes of binary cross-entropy with p = sigmoid, for label sets.
/// @param logits, targets [B, C], targets 0 or 1
/// @param positive_weights  [C] factors of the positives' part, as pos_weight of torch.nn.BCEWithLogitsLoss; undefined: ones
/// @return count: B
INFOMTL_API LossValue binary_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                           const torch::Tensor& positive_weights = {});

/// sum_i (value_i - target_i)^2. @param values [B, 1] a head's output; @param targets [B]; @return count: B
INFOMTL_API LossValue squared_error(const torch::Tensor& values, const torch::Tensor& targets);

/// -a_y (1 - p_y)^gamma log p_y with p = softmax (Lin et al. 2017); cross-entropy for gamma = 0.
/// @param class_weights [C] a, undefined: ones; @return count: rows not left out (weights do not change it)
INFOMTL_API LossValue focal(const torch::Tensor& logits, const torch::Tensor& labels, double gamma = 2.0,
                            const torch::Tensor& class_weights = {});

/// The same for independent yes-no outputs with p = sigmoid, the paper's own form.
/// @param logits, targets  [B, C], targets 0 or 1
/// @param alpha            weight of the positives, in [0, 1]; the rest weigh 1 - alpha; negative: no weights
/// @return count: B * C
INFOMTL_API LossValue focal_binary(const torch::Tensor& logits, const torch::Tensor& targets, double gamma = 2.0,
                                   double alpha = -1.0);

/// Batch entropy of SPC: minus the entropy of softmax(mean_i logits_i), in [-log C, 0]; minimised, it spreads the batch
/// over the classes (Hu et al. 2024; as in their code the softmax of the mean, not the mean of softmaxes).
/// @return mean() is the value, count: B
INFOMTL_API LossValue batch_entropy(const torch::Tensor& logits);

/// sum_i [ KL(p_i || q_i) + KL(q_i || p_i) ] / 2 of softmax distributions, >= 0 (R-Drop, Liang et al. 2021, without its
/// factor alpha). Gradients reach both. @param p_logits, q_logits [B, C]; @return count: B
INFOMTL_API LossValue symmetric_kl(const torch::Tensor& p_logits, const torch::Tensor& q_logits);

}  // namespace infomtl::ops
