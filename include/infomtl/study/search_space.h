#pragma once
// Search space: the values that a search may give to config fields, and the trials that are drawn from it.
//
//   SearchSpace space = SearchSpace::from_config(search.object("space"), method.object_or_empty("space"));
//   std::vector<TrialSettings> trials = space.draw(16, derive_seed(seed, "search/infomtl"));   // or space.grid()

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

class Config;

/// A config field and its value as JSON, as `--set` takes them: {"optimizer.learning_rate", "0.0002"}.
struct Setting {
  std::string field, value;

  bool operator==(const Setting&) const = default;
};
/// What sets one trial apart from another.
using TrialSettings = std::vector<Setting>;

/// "optimizer.learning_rate=0.0002", as ExperimentOptions::overrides takes them.
INFOMTL_API std::vector<std::string> overrides_of(const TrialSettings& settings);

/// What is chosen independently of the rest: values of one field, or of several that go together.
struct INFOMTL_API SearchAxis {
  enum class Scale { list, uniform, log_uniform, integer };

  std::string name;  ///< the field, or "settings" for several
  Scale scale = Scale::list;
  std::vector<TrialSettings> choices = {};  ///< of a list
  double low = 0, high = 0;                 ///< of the others, both included

  /// How many values there are; none for a continuous scale.
  std::optional<std::uint64_t> size() const;
  /// @param position  in [0, 1): 0 is the first or lowest. Continuous values have four significant digits.
  TrialSettings at(double position) const;
};

class INFOMTL_API SearchSpace {
 public:
  /// An object of field -> [values], {"uniform": [low, high]}, {"log_uniform": [low, high]} or {"integer": [low, high]};
  /// "settings" -> a list of objects field -> value, whose fields go together.
  /// @param own  entries that replace those of `common`; null takes one away
  /// @throws ConfigError naming the entry
  static SearchSpace from_config(const Config& common, const Config& own);

  const std::vector<SearchAxis>& axes() const { return axes_; }
  /// Of all combinations; none where an axis is continuous.
  std::optional<std::uint64_t> size() const;
  /// Every combination, the last axis fastest. @throws UserError for a range, and for more than a million
  std::vector<TrialSettings> grid() const;
  /// Different combinations, a function of the seed: those of a larger count begin with those of a smaller one.
  /// @throws UserError when the space has fewer
  std::vector<TrialSettings> draw(std::size_t count, std::uint64_t seed) const;

 private:
  std::vector<SearchAxis> axes_;
};

}  // namespace infomtl
