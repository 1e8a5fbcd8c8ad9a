#pragma once
// Search record: search.json, the trials of a search over settings.

#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/json.h"

namespace infomtl::report {

/// What a trial had scored after so many epochs. Numbers that are not there are NaN.
struct Rung {
  double epochs = 0;
  double score = 0;  ///< higher is better; NaN: training failed
  double cost = 0;   ///< training examples since the rung before
};

struct Trial {
  std::string id;
  std::vector<std::pair<std::string, std::string>> settings;  ///< config path, value
  std::vector<Rung> rungs;
};

/// The trials of one method.
struct MethodTrials {
  std::string key;
  std::vector<Trial> trials;
  std::string best;  ///< a trial's id, or "" while there is none
  double cost = 0;   ///< training examples of all trials
};

struct SearchRecord {
  bool finished = true;
  std::vector<MethodTrials> methods;
};

/// @throws ConfigError naming file and field, what was found and what is allowed
SearchRecord read_search(const Json& json, const std::string& file);

}  // namespace infomtl::report
