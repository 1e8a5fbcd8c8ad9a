#pragma once
// Comparison plan: what a comparison config says, and the runs that it asks for.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/json.h"
#include "infomtl/core/problems.h"
#include "infomtl/study/comparison.h"
#include "study/cells.h"

namespace infomtl {

struct PlannedMethod {
  ComparedMethod compared;
  std::filesystem::path file;
  std::vector<WrittenOverride> overrides;  ///< its "set", as "losses.0.label_smoothing=0.1"
};

/// A method of a comparison or a search: a file, or an object with "file", "name" and "set". @throws ConfigError
PlannedMethod read_method(const Config& entry);
/// Key of the method that an entry is compared with: one of `keys`, else `fallback`. @throws ConfigError
std::string baseline_of(const Config& entry, const std::string& fallback, const std::vector<std::string>& keys);
/// @throws UserError for --set seed=...: the seeds are those of the comparison or search
void refuse_seed_override(const std::vector<std::string>& overrides);

/// What the runs of a method share before any override: the experiment with the method's file on top.
/// @param problems  as for Config::collect() @throws ConfigError for a seed, too
Config merged_config(const std::filesystem::path& experiment, const std::filesystem::path& method,
                     const std::shared_ptr<Problems>& problems = nullptr);

/// That config with overrides on top. Where problems are collected, every one that can't be applied is told.
/// @throws ConfigError where one can't be, since that leaves no config to go on with; told already, it is told once
Config overridden_or_refused(const Config& config, const std::vector<WrittenOverride>& overrides);

/// One place of the axes; without axes there is one, in the comparison's own folder.
struct PlannedPlace {
  std::vector<std::pair<std::string, Json>> axes;
  std::string folder = ".";
  std::vector<WrittenOverride> overrides;
};

struct ComparisonPlan {
  std::string where;  ///< the config, for messages
  std::string name;   ///< its runs go to runs/<name> when nobody says: its "name", or the file's without .json
  std::filesystem::path experiment;
  std::vector<PlannedMethod> methods;
  std::size_t baseline = 0;
  std::vector<std::uint64_t> seeds;
  std::string split;
  bool unequal_budgets = false;
  std::vector<PlannedPlace> places;

  /// @param seeds  instead of the config's, where there are any @param overrides  of every run
  /// @param problems  where the config's mistakes are collected; what they concern is left out. Null: the first throws
  /// @throws ConfigError; UserError for repeated seeds and an override of an axis
  static ComparisonPlan read(const std::filesystem::path& file, const std::vector<std::uint64_t>& seeds,
                             const std::vector<std::string>& overrides,
                             const std::shared_ptr<Problems>& problems = nullptr);

  /// The run of a method under a seed at a place. @param parent  the comparison's folder
  /// @param problems  as for Config::collect() @throws ConfigError, IoError
  Cell cell(std::size_t place, std::size_t method, std::uint64_t seed, const std::filesystem::path& parent,
            const std::vector<std::string>& overrides, const std::shared_ptr<Problems>& problems = nullptr) const;
};

}  // namespace infomtl
