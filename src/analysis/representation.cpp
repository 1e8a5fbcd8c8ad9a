#include "infomtl/analysis/representation.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(TrainedRun& run,
                                                                                  const std::string& split) {
  return representation_quality(run.outputs(split));
}

std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(
    const std::vector<TaskOutputs>& outputs) {
  std::vector<std::pair<std::string, RepresentationQuality>> found;
  for (const TaskOutputs& task : outputs) {
    found.emplace_back(task.name, representation_quality(task.kind, task.shared, task.output, task.labels));
  }
  return found;
}

Json to_json(const std::vector<std::pair<std::string, RepresentationQuality>>& quality, const std::string& split) {
  Json json = {{"split", split}, {"tasks", Json::object()}};
  for (const auto& [task, found] : quality) json["tasks"][task] = to_json(found);
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
