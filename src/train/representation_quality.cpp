#include "infomtl/train/representation_quality.h"

#include <ATen/ATen.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "infomtl/core/json_file.h"
#include "infomtl/metrics/clustering.h"
#include "infomtl/ops/clustering.h"
#include "infomtl/ops/host_values.h"
#include "infomtl/ops/information/contrastive.h"

namespace infomtl {
namespace {

/// Mean over pairs of different rows: |sum of unit rows|^2 counts each pair twice and each row once.
double mean_cosine(const Tensor& rows) {
  const auto n = static_cast<double>(rows.size(0));
  const double all = ops::unit_rows(rows.to(torch::kFloat64)).sum(0).square().sum().item<double>();
  return (all - n) / (n * (n - 1));
}

}  // namespace

RepresentationQuality representation_quality(TaskKind kind, const Tensor& pooled, const Tensor& output,
                                             const Tensor& labels) {
  RepresentationQuality found;
  found.rows = pooled.size(0);
  const bool pairs = found.rows > 1;
  const double none = std::numeric_limits<double>::quiet_NaN();
  found.uniformity = pairs ? ops::uniformity(pooled.to(torch::kFloat64)).item<double>() : none;
  found.mean_cosine = pairs ? mean_cosine(pooled) : none;
  if (kind != TaskKind::classification) return found;
  const Tensor known = (labels != kUnknownLabel).nonzero().squeeze(1);
  const std::int64_t classes = output.size(1);
  if (known.size(0) < classes) return found;
  found.rand_index = adjusted_rand_index(ops::host_values(labels.index_select(0, known)),
                                         ops::host_values(ops::k_means(output.index_select(0, known), classes)));
  return found;
}

Json to_json(const RepresentationQuality& quality) {
  return {{"rows", quality.rows},
          {"uniformity", number_or_null(quality.uniformity)},
          {"mean_cosine", number_or_null(quality.mean_cosine)},
          {"adjusted_rand_index", quality.rand_index ? number_or_null(*quality.rand_index) : Json(nullptr)}};
}

}  // namespace infomtl
