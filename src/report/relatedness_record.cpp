#include "report/relatedness_record.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/runs/text_table.h"
#include "report/comparison_record.h"

namespace infomtl::report {
namespace {

std::vector<std::string> texts_in(const Config& config, const char* key) {
  std::vector<std::string> texts;
  for (const Config& entry : config.list_or_empty(key)) texts.push_back(entry.as_text());
  return texts;
}

std::vector<std::vector<double>> matrix_in(const Config& config, const char* key, std::size_t tasks) {
  const Json& rows = config.value(key).json();
  const auto fail = [&] {
    config.fail(key, "needed as many rows of as many numbers or nulls as there are tasks, " + std::to_string(tasks));
  };
  if (!rows.is_array() || rows.size() != tasks) fail();
  std::vector<std::vector<double>> values;
  for (const Json& row : rows) {
    if (!row.is_array() || row.size() != tasks) fail();
    values.emplace_back();
    for (const Json& value : row) {
      if (!value.is_null() && !value.is_number()) fail();
      values.back().push_back(value.is_null() ? kMissing : value.get<double>());
    }
  }
  return values;
}

std::vector<SuggestedGroup> groups_in(const Config& config) {
  std::vector<SuggestedGroup> found;
  const Json& groups = config.value("groups").json();
  const Config gains = config.object("expected_gains");
  if (!groups.is_array()) config.fail("groups", "needed a list of lists of tasks");
  for (const Json& group : groups) {
    if (!group.is_array() || group.empty()) config.fail("groups", "needed a list of lists of tasks");
    SuggestedGroup suggested;
    for (const Json& task : group) {
      if (!task.is_string()) config.fail("groups", "needed names of tasks");
      suggested.tasks += (suggested.tasks.empty() ? "" : " + ") + task.get<std::string>();
      suggested.gain += gains.number(task.get<std::string>(), kMissing) / static_cast<double>(group.size());
    }
    found.push_back(std::move(suggested));
  }
  return found;
}

}  // namespace

RelatednessRecord read_relatedness(const Json& json, const std::string& file) {
  const Config config = Config::from_json(json, file);
  if (!config.is_object()) config.fail("not an object, so no measures of tasks");
  if (const auto format = config.integer("format"); format != 1) {
    config.fail("format", "found " + std::to_string(format) + ", a report reads format 1");
  }
  RelatednessRecord record;
  record.tasks = texts_in(config, "tasks");
  for (const Config& measure : config.list("measures")) {
    record.measures.push_back({.name = measure.text("name"),
                               .meaning = measure.text("meaning", ""),
                               .source = measure.text("source", ""),
                               .directed = measure.boolean("directed", false),
                               .values = matrix_in(measure, "values", record.tasks.size())});
  }
  for (const Config& each : config.list_or_empty("rank_correlations")) {
    record.agreements.push_back({.first = each.text("first"),
                                 .second = each.text("second"),
                                 .rho = each.number("rho", kMissing),
                                 .low_95 = each.number("low_95", kMissing),
                                 .high_95 = each.number("high_95", kMissing),
                                 .pairs = each.number("pairs", kMissing)});
  }
  const Config groups = config.object_or_empty("groups");
  if (groups.has("groups")) record.groups = groups_in(groups);
  record.left_out = texts_in(config, "left_out");
  return record;
}

int digits_of_measure(const TaskMeasure& measure) { return digits_for(measure.values, 2); }

}  // namespace infomtl::report
