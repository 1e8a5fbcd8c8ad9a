#pragma once
// Representation quality: how evenly a model's shared representation spreads, and how well its outputs fall into the classes
// (InfoMTL, arXiv 2503.04667, quality of representations).
//
//   RepresentationQuality found = representation_quality(task.kind, rows.pooled, rows.output, rows.labels);

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/task_kind.h"

namespace infomtl {

struct RepresentationQuality {
  std::int64_t rows = 0;
  /// log mean exp(-2 |u_i - u_j|^2) over pairs of the encoder's pooled outputs brought to length 1 (Wang and Isola, ICML
  /// 2020): 0 where all point one way, -4 at most even; NaN below two rows.
  double uniformity = 0;
  double mean_cosine = 0;  ///< over the same pairs
  /// Adjusted Rand index of k-means on the head's outputs, k its classes, against the labels; tasks of single classes.
  std::optional<double> rand_index = {};
};

/// Rows of an unknown label are left out of the Rand index.
/// @param pooled [B, H]; @param output [B, C] of the head; @param labels  as TaskBatch::labels
INFOMTL_API RepresentationQuality representation_quality(TaskKind kind, const torch::Tensor& pooled,
                                                         const torch::Tensor& output, const torch::Tensor& labels);

/// "rows", "uniformity", "mean_cosine", "adjusted_rand_index"; null for what there is not.
INFOMTL_API Json to_json(const RepresentationQuality& quality);

}  // namespace infomtl
