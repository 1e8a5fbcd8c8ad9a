#pragma once
// InfoNCE in three forms of one value: plain, which holds the scores of all pairs; streamed, which holds those of a block
// of anchors at a time; and tiled, by kernels that hold a tile of them (tiled_info_nce.h). info_nce chooses the first or a
// linear one by the number of rows; here are what all take and what they share.

#include <torch/autograd.h>
#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "infomtl/ops/information/contrastive.h"

namespace infomtl::ops {

/// Who is contrasted with whom, checked.
struct Pairing {
  torch::Tensor positive;  ///< [B] int64
  bool identity = false;   ///< anchor i has key i, which needs no gather
  IgnoredPairs ignored;
  InfoNceOptions options;

  bool ignores() const { return ignored.mask.defined() || ignored.anchors.defined(); }
  /// [count, M] bool, what anchors first.. ignore, positives cleared; undefined: nothing.
  torch::Tensor ignored_of(std::int64_t first, std::int64_t count) const;
  /// The columns of the anchors' positive keys, [., B] of [., M]: what the second direction contrasts.
  torch::Tensor positive_columns(const torch::Tensor& pairs) const;
};

/// The summed loss of z [B, H] with keys [M, H], scalar.
torch::Tensor plain_info_nce(const torch::Tensor& z, const torch::Tensor& keys, const Pairing& pairing);
torch::Tensor streamed_info_nce(const torch::Tensor& z, const torch::Tensor& keys, const Pairing& pairing);
/// In memory linear in the rows: tiled where there are kernels (CUDA tensors, both float32 or both bfloat16, no mask of
/// ignored pairs, a build with device code), else streamed.
torch::Tensor linear_info_nce(const torch::Tensor& z, const torch::Tensor& keys, const Pairing& pairing);

/// Anchors whose scores the streamed form holds at a time. On a core the time is the same from 128 to 1,024 within a tenth;
/// 256 rows are enough for a matrix product to be at full speed, and take 67 MB for 65,536 keys.
inline constexpr std::int64_t kInfoNceBlock = 256;

/// Rows as they are scored: in the type of the arithmetic and, for cosines, over their length.
struct ScoredRows {
  torch::Tensor rows;   ///< [B, H]
  torch::Tensor scale;  ///< [B, 1], 1/|row|, 0 for rows that count as zero; undefined: rows are scored as they are
  ScoredRows(const torch::Tensor& given, torch::ScalarType type, bool normalise);
  /// From the gradient in `rows`, which is overwritten, that in what was given.
  torch::Tensor through_norm(torch::Tensor gradient) const;
};

inline constexpr std::size_t kArguments = 4;  ///< of a forward pass: z, keys, pairing, whether a gradient is wanted

/// The context of a forward pass: z, keys and the pairing, then what else is kept.
void keep(torch::autograd::AutogradContext* context, const torch::Tensor& z, const torch::Tensor& keys,
          const Pairing& pairing, std::initializer_list<torch::Tensor> others);
struct Kept {
  torch::Tensor z, keys;
  Pairing pairing;
  std::vector<torch::Tensor> others;
  explicit Kept(torch::autograd::AutogradContext* context);
};

/// dL/dS of some anchors in place of `rows`, their softmax over the keys [., M]: its mean with `columns`, their part of the
/// softmax over the anchors [., B], where the second direction counts, less the positives.
/// @param columns  undefined: one direction @param index  [., 1], these anchors' positive keys
void softmax_to_slope(torch::Tensor& rows, const torch::Tensor& columns, const torch::Tensor& index,
                      const Pairing& pairing);

/// What a backward pass returns: the gradients in z and keys of `outer` times the loss, themselves with a graph (second
/// derivatives), through the plain scores and LibTorch's own operations: this holds all pairs.
torch::autograd::variable_list gradients_with_graph(const Kept& kept, const torch::Tensor& outer);

}  // namespace infomtl::ops
