#include "infomtl/metrics/class_report.h"

#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"

namespace infomtl {

ClassReport class_report(const Predictions& predictions) {
  check(predictions);
  const TaskKind kind = predictions.space.kind;
  if (kind == TaskKind::regression) return {};
  ClassReport report{.labels = predictions.space.labels, .counts = count_labels(predictions), .confusion = {}};
  if (kind == TaskKind::multi_label) return report;
  for (std::size_t i = 0; i < predictions.gold.size(); ++i) {
    const std::int64_t predicted = predictions.predicted[i];
    const std::size_t column = predicted == kNoAnswer ? report.labels.size() : static_cast<std::size_t>(predicted);
    ++report.confusion[{static_cast<std::size_t>(predictions.gold[i]), column}];
  }
  return report;
}

Json ClassReport::to_json() const {
  Json json = {{"labels", labels}, {"counts", Json::array()}, {"confusion", Json::array()}};
  for (const LabelCounts& label : counts) {
    json["counts"].push_back({label.true_positives, label.false_positives, label.false_negatives});
  }
  for (const auto& [cell, count] : confusion) json["confusion"].push_back({cell.first, cell.second, count});
  return json;
}

ClassReport ClassReport::from_json(const Json& json) {
  ClassReport report;
  report.labels = json.at("labels").get<std::vector<std::string>>();
  for (const Json& label : json.at("counts")) {
    report.counts.push_back({.true_positives = label.at(0).get<std::int64_t>(),
                             .false_positives = label.at(1).get<std::int64_t>(),
                             .false_negatives = label.at(2).get<std::int64_t>()});
  }
  if (report.counts.size() != report.labels.size()) throw FormatError("counts of other classes than the labels");
  for (const Json& cell : json.at("confusion")) {
    const auto gold = cell.at(0).get<std::size_t>(), predicted = cell.at(1).get<std::size_t>();
    if (gold >= report.labels.size() || predicted > report.labels.size()) {
      throw FormatError("a confusion of classes that are not among the labels");
    }
    report.confusion[{gold, predicted}] = cell.at(2).get<std::int64_t>();
  }
  return report;
}

}  // namespace infomtl
