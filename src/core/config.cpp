#include "infomtl/core/config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "core/config_document.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_fields.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

/// The text of a config file. What a pipe gave is kept: it can be read once only, a command may ask several times.
std::string config_text(const fs::path& file) {
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  if (type != fs::file_type::fifo) return read_file(file);
  static std::mutex guard;
  static std::map<fs::path, std::string> kept;
  const std::lock_guard lock(guard);
  const auto found = kept.find(file);
  return found != kept.end() ? found->second : kept.emplace(file, read_file(file)).first->second;
}

[[noreturn]] void fail_at(const std::string& where, const std::string& message) {
  throw ConfigError(where + ": " + message);
}

std::string number_name(const Range& range) {
  const std::string limits = describe(range);
  return limits.empty() ? "a number" : "a number " + limits;
}
std::string integer_name(const Range& range) {
  const std::string limits = describe(range);
  return limits.empty() ? "an integer" : "an integer " + limits;
}

double to_number(const Json& value, const Range& range, const std::string& where) {
  if (!value.is_number()) fail_at(where, "found " + described(value) + "; must be " + number_name(range));
  const double number = value.get<double>();
  if (std::isnan(number) || !range.contains(number)) {
    fail_at(where, "found " + value.dump() + "; must be " + number_name(range));
  }
  return number;
}

std::int64_t to_integer(const Json& value, const Range& range, const std::string& where) {
  const std::string needed = "; must be " + integer_name(range);
  if (value.is_number_float()) {
    const double number = value.get<double>();
    const bool whole = number == std::floor(number) && std::abs(number) < 0x1p53;
    fail_at(where, "found the number " + value.dump() + needed +
                       (whole ? " (write " + std::to_string(static_cast<std::int64_t>(number)) + ")" : ""));
  }
  if (!value.is_number_integer()) fail_at(where, "found " + described(value) + needed);
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) {
    fail_at(where, "found " + value.dump() + "; must be at most " + std::to_string(kLargest));
  }
  const auto integer = value.get<std::int64_t>();
  if (!range.contains(static_cast<double>(integer))) fail_at(where, "found " + value.dump() + needed);
  return integer;
}

bool to_boolean(const Json& value, const std::string& where) {
  if (!value.is_boolean()) fail_at(where, "found " + described(value) + "; must be true or false");
  return value.get<bool>();
}

std::string to_text(const Json& value, const std::string& where) {
  if (!value.is_string()) fail_at(where, "found " + described(value) + "; must be a string");
  return value.get<std::string>();
}

const Json& to_object(const Json& value, const std::string& where) {
  if (!value.is_object()) fail_at(where, "found " + described(value) + "; must be an object");
  return value;
}

const Json& to_list(const Json& value, const std::string& where) {
  if (!value.is_array()) fail_at(where, "found " + described(value) + "; must be an array");
  return value;
}

// Reads optional fields: the value passed in is the default and stays where the key is missing or null.
class FieldReader final : public FieldVisitor {
 public:
  explicit FieldReader(Config config) : config_(std::move(config)) {}

  void field(std::string_view name, double& value, std::string_view, Range range) override {
    value = config_.number(name, value, range);
  }
  void field(std::string_view name, std::int64_t& value, std::string_view, Range range) override {
    value = config_.integer(name, value, range);
  }
  void field(std::string_view name, bool& value, std::string_view) override { value = config_.boolean(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override {
    value = config_.text(name, value);
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view, Range range) override {
    read_list<double>(name, value, [&](const Config& element) { return element.as_number(range); });
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    read_list<std::string>(name, value, [](const Config& element) { return element.as_text(); });
  }
  void field(std::string_view name, NamedNumbers& value, const std::vector<std::string>& words, std::string_view,
             Range range) override {
    if (!config_.has(name) || config_.value(name).json().is_null()) return;
    config_.part([&] {
      NamedNumbers found;
      const Config numbers = config_.value(name);
      if (numbers.is_object()) {
        for (const auto& [key, number] : numbers.json().items()) {
          found.by_name.emplace_back(key, numbers.number(key, range));
        }
      } else if (!words.empty() && !numbers.json().is_array()) {
        found.word = config_.choice(name, "", words);
      } else {
        for (const Config& element : config_.list(name)) found.in_order.push_back(element.as_number(range));
      }
      value = std::move(found);
    });
  }
  void choice(std::string_view name, std::string& value, const std::vector<std::string>& allowed,
              std::string_view) override {
    value = config_.choice(name, value, allowed);
  }

  void only_where(bool holds, const std::vector<std::string_view>& options, std::string_view condition) override {
    if (holds || config_.notes() == nullptr) return;
    for (const std::string_view option : options) {
      if (!config_.has(option) || config_.value(option).json().is_null()) continue;
      config_.notes()->add(config_.where(option) + ": has no effect; it is read only where " + std::string(condition));
    }
  }

 private:
  template <class Value, class Read>
  void read_list(std::string_view name, std::vector<Value>& value, Read read) {
    if (!config_.has(name) || config_.value(name).json().is_null()) return;
    config_.part([&] {
      std::vector<Value> found;
      for (const Config& element : config_.list(name)) found.push_back(read(element));
      value = std::move(found);
    });
  }

  Config config_;
};

}  // namespace

Config::Config(std::shared_ptr<ConfigDocument> document, const Json* value, std::string pointer)
    : document_(std::move(document)), value_(value), pointer_(std::move(pointer)) {}

Config Config::from_file(const fs::path& file, const std::vector<std::string>& overrides,
                         std::shared_ptr<Problems> problems) {
  auto document = std::make_shared<ConfigDocument>();
  document->problems = std::move(problems);
  document->root = Json::object();
  std::error_code unresolved;  // a file that is not there is told by read_file
  std::vector<fs::path> open{fs::weakly_canonical(file, unresolved)};
  document->merge_text(config_text(file), {file.string(), file.parent_path()}, open);
  for (const std::string& assignment : overrides) document->override_value(assignment);
  const Json* root = &document->root;
  return {std::move(document), root, ""};
}

Config Config::from_text(std::string_view text, std::string origin, const fs::path& folder,
                         const std::vector<std::string>& overrides, std::shared_ptr<Problems> problems) {
  auto document = std::make_shared<ConfigDocument>();
  document->problems = std::move(problems);
  document->root = Json::object();
  std::vector<fs::path> open;
  document->merge_text(text, {std::move(origin), folder}, open);
  for (const std::string& assignment : overrides) document->override_value(assignment);
  const Json* root = &document->root;
  return {std::move(document), root, ""};
}

Config Config::from_json(Json value, std::string origin) {
  auto document = std::make_shared<ConfigDocument>();
  document->take(std::move(value), {std::move(origin), {}});
  const Json* root = &document->root;
  return {std::move(document), root, ""};
}

std::string Config::where() const { return document_->where(pointer_); }
std::string Config::where(std::string_view key) const { return document_->where(pointer_below(pointer_, key)); }
const Json& Config::json() const { return *value_; }
bool Config::is_object() const { return value_->is_object(); }

Json Config::effective(const std::vector<std::string>& paths) const {
  Json result = *value_;
  const auto make_absolute = [&](std::string& text, const std::string& pointer) {
    text = fs::absolute(document_->resolved(text, pointer)).lexically_normal().string();
  };
  for (const std::string& field : paths) visit_strings(result, field, make_absolute, pointer_);
  return result;
}

Config Config::overridden(const std::vector<std::string>& overrides) const {
  std::vector<WrittenOverride> written;
  written.reserve(overrides.size());
  for (const std::string& assignment : overrides) written.push_back({.assignment = assignment, .where = ""});
  return overridden_as_written(written);
}

Config Config::overridden_as_written(const std::vector<WrittenOverride>& overrides) const {
  auto document = std::make_shared<ConfigDocument>(*document_);
  document->asked.clear();
  for (const WrittenOverride& one : overrides) document->override_value(one.assignment, one.where);
  const Json* root = &document->root;
  return {std::move(document), root, ""};
}

Config Config::named() const {
  if (is_object()) return *this;
  Config object = from_json({{"name", as_text()}}, where());
  object.collect(problems());
  return object;
}

void Config::collect(std::shared_ptr<Problems> list) const { document_->problems = std::move(list); }
const std::shared_ptr<Problems>& Config::problems() const { return document_->problems; }
void Config::collect_notes(std::shared_ptr<Problems> list) const { document_->notes = std::move(list); }
const std::shared_ptr<Problems>& Config::notes() const { return document_->notes; }

const Json* Config::find(std::string_view key) const {
  to_object(*value_, where());
  auto& asked = document_->asked[pointer_];
  if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.emplace_back(key);
  const auto found = value_->find(std::string(key));
  return found == value_->end() ? nullptr : &*found;
}

const Json* Config::find_present(std::string_view key) const {
  const Json* found = find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

const Json& Config::required(std::string_view key, std::string_view needed) const {
  const Json* found = find(key);
  if (found != nullptr) return *found;
  std::vector<std::string> unread;
  const auto& asked = document_->asked[pointer_];
  for (const auto& [name, value] : value_->items()) {
    if (std::find(asked.begin(), asked.end(), name) == asked.end()) unread.push_back(name);
  }
  const std::string similar = nearest_name(key, unread);
  fail(key, "missing; must be " + std::string(needed) +
                (similar.empty() ? "" : " (\"" + similar + "\" is there; was it meant?)"));
}

Config Config::child(std::string_view key, const Json& value) const {
  return {document_, &value, pointer_below(pointer_, key)};
}

Config Config::element(std::size_t index) const {
  return {document_, &(*value_)[index], pointer_below(pointer_, index)};
}

std::vector<Config> Config::elements() const {
  std::vector<Config> result;
  for (std::size_t i = 0; i < to_list(*value_, where()).size(); ++i) result.push_back(element(i));
  return result;
}

bool Config::has(std::string_view key) const { return find(key) != nullptr; }

Config Config::object(std::string_view key) const {
  return child(key, to_object(required(key, "an object"), where(key)));
}
std::vector<Config> Config::list(std::string_view key) const {
  return child(key, required(key, "an array")).elements();
}
std::string Config::text(std::string_view key) const { return to_text(required(key, "a string"), where(key)); }
double Config::number(std::string_view key, Range range) const {
  return to_number(required(key, number_name(range)), range, where(key));
}
std::int64_t Config::integer(std::string_view key, Range range) const {
  return to_integer(required(key, integer_name(range)), range, where(key));
}
bool Config::boolean(std::string_view key) const { return to_boolean(required(key, "true or false"), where(key)); }
Config Config::value(std::string_view key) const { return child(key, required(key, "given")); }

template <class Value, class Read>
Value Config::optional(std::string_view key, Value fallback, Read read) const {
  const Json* found = find_present(key);
  if (found == nullptr) return fallback;
  Value value = std::move(fallback);
  part([&] { value = read(*found); });
  return value;
}

Config Config::object_or_empty(std::string_view key) const {
  static const Json empty = Json::object();
  return optional(key, child(key, empty), [&](const Json& found) { return child(key, to_object(found, where(key))); });
}
std::vector<Config> Config::list_or_empty(std::string_view key) const {
  return optional(key, std::vector<Config>{}, [&](const Json& found) { return child(key, found).elements(); });
}
std::string Config::text(std::string_view key, std::string_view fallback) const {
  return optional(key, std::string(fallback), [&](const Json& found) { return to_text(found, where(key)); });
}
double Config::number(std::string_view key, double fallback, Range range) const {
  return optional(key, fallback, [&](const Json& found) { return to_number(found, range, where(key)); });
}
std::int64_t Config::integer(std::string_view key, std::int64_t fallback, Range range) const {
  return optional(key, fallback, [&](const Json& found) { return to_integer(found, range, where(key)); });
}
bool Config::boolean(std::string_view key, bool fallback) const {
  return optional(key, fallback, [&](const Json& found) { return to_boolean(found, where(key)); });
}

std::string Config::choice(std::string_view key, std::string_view fallback,
                           const std::vector<std::string>& allowed) const {
  const auto read = [&](const Json& found) {
    std::string word = to_text(found, where(key));
    if (std::find(allowed.begin(), allowed.end(), word) == allowed.end()) {
      fail(key, "unknown \"" + word + "\"" + did_you_mean(word, allowed));
    }
    return word;
  };
  // A fallback that no config may give is no answer to go on with.
  if (std::find(allowed.begin(), allowed.end(), fallback) == allowed.end()) {
    const Json* found = find_present(key);
    return found == nullptr ? std::string(fallback) : read(*found);
  }
  return optional(key, std::string(fallback), read);
}

std::string Config::as_text() const { return to_text(*value_, where()); }
double Config::as_number(Range range) const { return to_number(*value_, range, where()); }
std::int64_t Config::as_integer(Range range) const { return to_integer(*value_, range, where()); }

fs::path Config::path(std::string_view key) const { return child(key, required(key, "a path")).as_path(); }

fs::path Config::as_path() const {
  const std::string text = to_text(*value_, where());
  if (text.empty()) fail("empty; must be a path");
  return document_->resolved(text, pointer_);
}

std::unique_ptr<FieldVisitor> Config::field_reader() const { return std::make_unique<FieldReader>(*this); }

void Config::reject_unknown() const {
  constexpr std::size_t kMostTold = 12;
  const auto& asked = document_->asked[pointer_];
  std::size_t unknown = 0;
  for (const auto& [key, value] : to_object(*value_, where()).items()) {
    if (std::find(asked.begin(), asked.end(), key) != asked.end() || ++unknown > kMostTold) continue;
    part([&, name = key] { fail(name, "unknown key" + did_you_mean(name, asked)); });
  }
  if (unknown > kMostTold) part([&] { fail("and " + counted(unknown - kMostTold, "more unknown key")); });
}

void Config::fail(const std::string& message) const { fail_at(where(), message); }
void Config::fail(std::string_view key, const std::string& message) const { fail_at(where(key), message); }

}  // namespace infomtl
