#pragma once
// Relatedness record: relatedness.json, measures of how tasks relate.

#include <string>
#include <vector>

#include "infomtl/core/json.h"

namespace infomtl::report {

/// Numbers that are not there are NaN.
struct TaskMeasure {
  std::string name, meaning, source;
  bool directed = false;                    ///< rows give, columns receive
  std::vector<std::vector<double>> values;  ///< tasks x tasks
};

struct MeasureAgreement {
  std::string first, second;
  double rho = 0, low_95 = 0, high_95 = 0, pairs = 0;
};

struct SuggestedGroup {
  std::string tasks;  ///< "hate + irony"
  double gain = 0;    ///< expected, mean over its tasks
};

struct RelatednessRecord {
  std::string title;  ///< of the folder that it lies in; "" for the one that is shown
  std::vector<std::string> tasks;
  std::vector<TaskMeasure> measures;
  std::vector<MeasureAgreement> agreements;
  std::vector<SuggestedGroup> groups;
  std::vector<std::string> left_out;
};

/// @throws ConfigError naming file and field, what was found and what is allowed
RelatednessRecord read_relatedness(const Json& json, const std::string& file);

/// Digits after the point for three digits of a measure's largest number.
int digits_of_measure(const TaskMeasure& measure);

}  // namespace infomtl::report
