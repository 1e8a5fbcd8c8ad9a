#pragma once
// Feedback: the mathematics of heads that read each other's outputs over several rounds (after Xi et al.,
// arXiv:2404.00885): what a head says as numbers that another can read, words and sequences brought to each other's rows,
// and how far the rounds are from settling.
//
//   Tensor said = ops::probabilities(slots, TaskKind::tagging);                  // [W, C]
//   Tensor of_sequences = ops::mean_over_words(said, word_offsets);              // [S, C]
//   LossValue unrest = ops::round_convergence(rounds, ops::Convergence::delta);
//
// By plain tensor operations, so differentiable twice.

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl::ops {

/// [B, C] a head's output as its task reads it: softmax over classes, sigmoid of label sets, the value itself of a
/// regression.
INFOMTL_API torch::Tensor probabilities(const torch::Tensor& output, TaskKind kind);

/// Means of the words of each sequence; zeros for a sequence without words.
/// @param words  [W, D] @param offsets  [S+1] int64: the words of sequence s are offsets[s] .. offsets[s+1], the last
/// is W @return [S, D]
INFOMTL_API torch::Tensor mean_over_words(const torch::Tensor& words, const torch::Tensor& offsets);
/// The row of its sequence for every word.
/// @param sequences  [S, D] @param offsets  as above @param words  W, known beforehand, so that no device is waited for
/// @return [W, D]
INFOMTL_API torch::Tensor repeat_over_words(const torch::Tensor& sequences, const torch::Tensor& offsets,
                                            std::int64_t words);

/// How unrest of rounds is measured, with the step d(k) = p(k) - p(k-1) of a row between rounds:
enum class Convergence {
  delta,     ///< sum over k of ||d(k)||^2
  monotone,  ///< sum over k of max(0, ||d(k)|| - ||d(k-1)||): steps that grow
};

/// @param rounds  [B, C] each: probabilities of all rounds, oldest first; at least one @return sum over rows, count B;
/// 0 where there are too few rounds for a step (two of them for `monotone`). Where a step is zero the gradient of its
/// length is, too. @throws ShapeError without a round
INFOMTL_API LossValue round_convergence(const std::vector<torch::Tensor>& rounds, Convergence form);

}  // namespace infomtl::ops
