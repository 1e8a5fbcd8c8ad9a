#pragma once
// Settings: a plain struct that names its own fields once, for reading, range checks, documentation and writing back.
//
//   struct Settings {
//     double temperature = 1.0;
//     bool symmetric = false;
//     void fields(FieldVisitor& f) {
//       f.field("temperature", temperature, "softmax temperature tau", above(0.0));
//       f.field("symmetric", symmetric, "average both directions of the contrast");
//     }
//   };
//   auto settings = config.read<Settings>();   // unknown keys, wrong types, ranges: errors with file and field

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// The values a number may take; NaN is never among them.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  bool contains(double value) const {
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
};
inline Range any_number() { return {}; }
inline Range at_least(double low) { return {.low = low}; }
inline Range above(double low) { return {.low = low, .low_open = true}; }
inline Range between(double low, double high) { return {.low = low, .high = high}; }
/// Weights of losses, tasks and classes: no product of one with a loss or a gradient leaves the range of float32.
inline Range weight_range() { return between(0, 1e9); }
/// How many parts a model or a term is made of (experts, layers, heads): memory is taken for each.
inline Range count_from(double low) { return between(low, 1000); }
/// Features of a layer or a code, whose square memory is taken for.
inline Range width_from(double low) { return between(low, 65536); }
/// low <= x < high, as for probabilities of dropping.
inline Range above_to(double low, double high) { return {.low = low, .high = high, .low_open = true}; }
inline Range from_to_below(double low, double high) { return {.low = low, .high = high, .high_open = true}; }

/// ">= 0 and < 1", or "" for any number.
INFOMTL_API std::string describe(const Range& range);

/// Numbers of named things (classes, tasks), as a config gives them: in the order of the things, by their names, or as a
/// word that says how they are found. None: all empty.
struct INFOMTL_API NamedNumbers {
  std::string word = {};
  std::vector<double> in_order = {};
  std::vector<std::pair<std::string, double>> by_name = {};

  bool given() const { return !word.empty() || !in_order.empty() || !by_name.empty(); }
  /// A number for each name, `otherwise` for those that are not named, and for all where none is given or a word is.
  /// @param what  of the things, for messages: "task" @throws ConfigError for a name that is not there or another count
  std::vector<double> of(const std::vector<std::string>& names, double otherwise, std::string_view what) const;
};

/// What `fields(FieldVisitor&)` of a settings struct talks to. The value passed in holds the default.
class INFOMTL_API FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void field(std::string_view name, double& value, std::string_view meaning, Range range = {}) = 0;
  virtual void field(std::string_view name, std::int64_t& value, std::string_view meaning, Range range = {}) = 0;
  virtual void field(std::string_view name, bool& value, std::string_view meaning) = 0;
  virtual void field(std::string_view name, std::string& value, std::string_view meaning) = 0;
  virtual void field(std::string_view name, std::vector<double>& value, std::string_view meaning, Range range = {}) = 0;
  virtual void field(std::string_view name, std::vector<std::string>& value, std::string_view meaning) = 0;
  /// An array of numbers, an object of them, or a word out of `words`.
  virtual void field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words,
                     std::string_view meaning, Range range = {}) = 0;
  /// A word out of `allowed`.
  virtual void choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
                      std::string_view meaning) = 0;

  /// Says that the options, named before, have an effect only where another one, named before too, has a certain value:
  ///   f.only_where(form == "finite_difference", {"epsilon"}, "\"form\" is \"finite_difference\"");
  /// `infomtl check` notes an option that a config gives where `holds` is false.
  virtual void only_where(bool /*holds*/, const std::vector<std::string_view>& /*options*/,
                          std::string_view /*condition*/) {}
};

/// One documented option: what `infomtl list` prints.
struct FieldInfo {
  std::string name;
  std::string type;           ///< "number", "integer", "boolean", "string", "array of numbers", "array of strings",
                              ///< "array or object of numbers", "one of a, b, c"
  std::string default_value;  ///< as JSON text
  std::string meaning;
  std::string allowed = {};  ///< "> 0", "" where every value of the type will do
};

/// The options of a settings struct with their defaults.
template <class Settings>
std::vector<FieldInfo> describe_fields();

/// Collects FieldInfo; `describe_fields` is the door.
class INFOMTL_API FieldLister final : public FieldVisitor {
 public:
  std::vector<FieldInfo> found;

  void field(std::string_view name, double& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, std::int64_t& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, bool& value, std::string_view meaning) override;
  void field(std::string_view name, std::string& value, std::string_view meaning) override;
  void field(std::string_view name, std::vector<double>& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, std::vector<std::string>& value, std::string_view meaning) override;
  void field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words,
             std::string_view meaning, Range range) override;
  void choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
              std::string_view meaning) override;
};

/// Checks a struct that was filled by hand as a config's would be: ranges and choices. `check_fields` is the door.
class INFOMTL_API FieldChecker final : public FieldVisitor {
 public:
  explicit FieldChecker(std::string owner) : owner_(std::move(owner)) {}

  void field(std::string_view name, double& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, std::int64_t& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, bool& value, std::string_view meaning) override;
  void field(std::string_view name, std::string& value, std::string_view meaning) override;
  void field(std::string_view name, std::vector<double>& value, std::string_view meaning, Range range) override;
  void field(std::string_view name, std::vector<std::string>& value, std::string_view meaning) override;
  void field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words,
             std::string_view meaning, Range range) override;
  void choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
              std::string_view meaning) override;

 private:
  std::string owner_;
};

/// @param owner  what the error calls the struct: `weighting "cagrad"`
/// @throws ConfigError for a value that a config could not have, naming field, finding and what is allowed
template <class Settings>
void check_fields(Settings settings, std::string owner) {
  FieldChecker checker(std::move(owner));
  settings.fields(checker);
}

/// {"name": name, ...} of fields and their values, as JSON text: what a config would say.
INFOMTL_API std::string config_text(const std::string& name, const std::vector<FieldInfo>& fields);
/// The same of a settings struct.
template <class Settings>
std::string config_text(const std::string& name, Settings settings) {
  FieldLister lister;
  settings.fields(lister);
  return config_text(name, lister.found);
}

class Config;
/// A settings struct from a config's object, unknown keys rejected; defined in core/config.h. @throws ConfigError
template <class Settings>
Settings read_settings(const Config& config);

template <class Settings>
std::vector<FieldInfo> describe_fields() {
  FieldLister lister;
  Settings defaults;
  defaults.fields(lister);
  return lister.found;
}

}  // namespace infomtl
