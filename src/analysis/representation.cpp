#include "infomtl/analysis/representation.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "infomtl/metrics/clustering.h"
#include "infomtl/ops/clustering.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::int64_t> numbers(const Tensor& values) {
  const Tensor host = values.to(torch::kCPU, torch::kInt64).contiguous();
  return {host.const_data_ptr<std::int64_t>(), host.const_data_ptr<std::int64_t>() + host.numel()};
}

/// Mean over pairs of different rows: |sum of unit rows|^2 counts each pair twice and each row once.
double mean_cosine(const Tensor& rows) {
  const auto n = static_cast<double>(rows.size(0));
  const double all = ops::unit_rows(rows.to(torch::kFloat64)).sum(0).square().sum().item<double>();
  return (all - n) / (n * (n - 1));
}

RepresentationQuality quality_of(const TaskOutputs& task) {
  RepresentationQuality found;
  found.rows = task.shared.size(0);
  const bool pairs = found.rows > 1;
  found.uniformity = pairs ? ops::uniformity(task.shared.to(torch::kFloat64)).item<double>() : kNan;
  found.mean_cosine = pairs ? mean_cosine(task.shared) : kNan;
  if (task.kind != TaskKind::classification) return found;
  const Tensor known = (task.labels != kUnknownLabel).nonzero().squeeze(1);
  const std::int64_t classes = task.output.size(1);
  if (known.size(0) < classes) return found;
  found.rand_index = adjusted_rand_index(numbers(task.labels.index_select(0, known)),
                                         numbers(ops::k_means(task.output.index_select(0, known), classes)));
  return found;
}

}  // namespace

std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(TrainedRun& run,
                                                                                  const std::string& split) {
  return representation_quality(run.outputs(split));
}

std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(
    const std::vector<TaskOutputs>& outputs) {
  std::vector<std::pair<std::string, RepresentationQuality>> found;
  for (const TaskOutputs& task : outputs) found.emplace_back(task.name, quality_of(task));
  return found;
}

Json to_json(const std::vector<std::pair<std::string, RepresentationQuality>>& quality, const std::string& split) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  Json json = {{"split", split}, {"tasks", Json::object()}};
  for (const auto& [task, found] : quality) {
    json["tasks"][task] = {{"rows", found.rows},
                           {"uniformity", number(found.uniformity)},
                           {"mean_cosine", number(found.mean_cosine)},
                           {"adjusted_rand_index", number(found.rand_index.value_or(kNan))}};
  }
  return json;
}

std::string to_table(const std::vector<std::pair<std::string, RepresentationQuality>>& quality,
                     const std::string& split) {
  TextTable table({"task", "rows", "uniformity", "mean cosine", "adjusted Rand index"}, 1);
  for (const auto& [task, found] : quality) {
    table.add({task, std::to_string(found.rows), fixed(found.uniformity, 3), fixed(found.mean_cosine, 3),
               fixed(found.rand_index.value_or(kNan), 3)});
  }
  return table.text() + split +
         " split; uniformity and cosine of the encoder's pooled outputs, Rand index of k-means on the heads' outputs "
         "against the labels\n";
}

}  // namespace infomtl
