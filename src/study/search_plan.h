#pragma once
// Search plan: what a search config asks for, read and checked; a function of the config's text.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/study/search_space.h"
#include "infomtl/study/successive_halving.h"
#include "study/comparison_plan.h"

namespace infomtl {

struct AlgorithmSettings {
  std::string name = "successive_halving";
  std::int64_t eta = 3;
  std::int64_t smallest_budget = 1;
  bool median_stop = false;
  bool asynchronous = false;
  void fields(FieldVisitor& f);
  /// Whether trials end before the full length.
  bool halves() const { return name == "successive_halving" || median_stop; }
};

/// A method of a search with its trials.
struct SearchMethod {
  PlannedMethod planned;
  std::string where;  ///< its entry, for messages: "search.json#/methods/0"
  std::vector<TrialSettings> trials = {};
  std::map<std::string, std::string> places =
      {};  ///< of each field that is searched, the entry of "space" that names it

  const std::string& name() const { return planned.compared.key; }
};

struct SearchPlan {
  std::string where;  ///< the config, for messages
  std::filesystem::path experiment;
  std::vector<SearchMethod> methods;
  AlgorithmSettings algorithm;
  std::vector<std::uint64_t> seeds;
  std::vector<std::size_t> seeds_per_rung;  ///< how many of the seeds, rung after rung; the last holds for the rest
  bool unequal_budgets = false;
  bool keep_checkpoints = false;

  /// @param problems  where the config's mistakes are collected; what they concern is left out. Null: the first throws
  /// @throws ConfigError naming file and field
  static SearchPlan read(const std::filesystem::path& file, const std::shared_ptr<Problems>& problems = nullptr);

  std::size_t seeds_at(std::size_t rung) const;
  /// @param epochs  that the method's runs take to the end
  HalvingRules rules(std::size_t method, std::int64_t epochs) const;
  /// What decides the trials: two searches that differ in it don't share a folder.
  Json to_json() const;
  /// The config of a trial's runs: the experiment, the method on top, its settings, the trial's, `overrides`.
  /// @param problems  as for Config::collect()
  Config config(const SearchMethod& method, const TrialSettings& trial, const std::vector<std::string>& overrides = {},
                const std::shared_ptr<Problems>& problems = nullptr) const;
};

/// field -> value.
Json to_json(const TrialSettings& settings);
/// "optimizer.learning_rate=0.0001 losses.1.weight=0.1"
std::string settings_text(const TrialSettings& settings);

}  // namespace infomtl
