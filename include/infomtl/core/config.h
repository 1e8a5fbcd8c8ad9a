#pragma once
// Config: one object of a JSON config file, read field by field, every error with file, path, finding and cure.
//
//   Config config = Config::from_file("tweets.json", {"losses.1.weight=0.3"});
//   auto focal = config.object("focal").read<FocalSettings>();    // any struct with fields(FieldVisitor&)
//   for (const Config& loss : config.list("losses")) registry.build(loss);
//   config.reject_unknown();      // a key that nobody asked for is an error; asked-for keys are the suggestions

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/problems.h"
#include "infomtl/core/settings.h"

namespace infomtl {

struct ConfigDocument;

/// An override that a file asks for, such as a comparison's.
struct WrittenOverride {
  std::string assignment;  ///< "losses.0.weight=0.1"
  std::string where;       ///< where its value stands, as Config::where() says it
};

/// A view of one JSON value (usually an object) inside a loaded config; cheap to copy, all copies share the document
/// and the record of which keys were asked for (so a document is read by one thread at a time). That record serves
/// reject_unknown() only: no other answer depends on what was asked before.
class INFOMTL_API Config {
 public:
  /// Reads a config file: `//` comments allowed; `"extends": "file"` (or a list, later ones win) is merged below the
  /// file's own keys (objects key by key, anything else replaced; an object whose "name" changes is another thing and
  /// replaced too); `${NAME}` in strings is replaced from the environment (INFOMTL_CACHE has a default); `overrides`
  /// are "a.b.0.c=VALUE", VALUE as JSON or else as a string, and replace what they name; but an object over a list of things
  /// with names changes those that it names, as in a file over another. A key written twice in one object, an `extends` that
  /// leads back to its own file and nesting deeper than 200 are errors.
  /// @param problems  as for collect(), from the first override and `${NAME}` on
  /// @throws ConfigError, IoError
  static Config from_file(const std::filesystem::path& file, const std::vector<std::string>& overrides = {},
                          std::shared_ptr<Problems> problems = nullptr);
  /// The same from text; `origin` stands for the file's name in messages, relative paths resolve from `folder`.
  static Config from_text(std::string_view text, std::string origin, const std::filesystem::path& folder = {},
                          const std::vector<std::string>& overrides = {}, std::shared_ptr<Problems> problems = nullptr);
  /// From a value already at hand.
  static Config from_json(Json value, std::string origin = "config");

  /// "tweets.json#/losses/1": the file that wrote this value and the path inside.
  std::string where() const;
  /// where() of a field of this object, whether it is there or not.
  std::string where(std::string_view key) const;
  /// The value as it stands after merging, paths as they were written.
  const Json& json() const;
  /// The value with its paths made absolute, as path() resolves them: what a run saves, since it means the same
  /// wherever it is read. Which values are paths is the reader's to say, each by the way to it from here, as
  /// visit_strings() (core/json_fields.h) takes it: {"encoder.path", "data.tasks[]"}; what is not there or not a string is
  /// passed over.
  Json effective(const std::vector<std::string>& paths) const;
  /// A copy of the whole document with these overrides applied, nothing of it asked for yet.
  Config overridden(const std::vector<std::string>& overrides) const;
  /// The same of overrides that are written somewhere, which is the place that messages name.
  Config overridden_as_written(const std::vector<WrittenOverride>& overrides) const;

  bool is_object() const;
  bool has(std::string_view key) const;

  /// Required fields. @throws ConfigError when missing or of another type
  Config object(std::string_view key) const;
  std::vector<Config> list(std::string_view key) const;
  std::string text(std::string_view key) const;
  double number(std::string_view key, Range range = {}) const;
  std::int64_t integer(std::string_view key, Range range = {}) const;
  bool boolean(std::string_view key) const;
  Config value(std::string_view key) const;  ///< any type, for fields that may be of several
  /// An entry of a registry: this object, or {"name": text} where this value is a bare string.
  Config named() const;

  /// Optional fields: the default when the key is missing or null.
  Config object_or_empty(std::string_view key) const;
  std::vector<Config> list_or_empty(std::string_view key) const;
  std::string text(std::string_view key, std::string_view fallback) const;
  double number(std::string_view key, double fallback, Range range = {}) const;
  std::int64_t integer(std::string_view key, std::int64_t fallback, Range range = {}) const;
  bool boolean(std::string_view key, bool fallback) const;
  std::string choice(std::string_view key, std::string_view fallback, const std::vector<std::string>& allowed) const;

  /// This value itself, where it is not an object (an element of a list, or value(key)).
  std::string as_text() const;
  double as_number(Range range = {}) const;
  std::int64_t as_integer(Range range = {}) const;

  /// A path field, resolved against the folder of the file that wrote it; absolute paths stay, and those in the home
  /// folder, "~/...". Overrides and values without a file resolve against the working folder.
  std::filesystem::path path(std::string_view key) const;
  /// The same for this value itself (an element of a list).
  std::filesystem::path as_path() const;

  /// Fills a settings struct from this object's fields, then rejects unknown keys. Keys read before (such as "name",
  /// "weight") are known. @throws ConfigError
  template <class Settings>
  Settings read() const {
    Settings settings;
    read_fields(settings);
    reject_unknown();
    return settings;
  }
  /// The same without rejecting: for objects whose fields several structs share.
  template <class Settings>
  void read_fields(Settings& settings) const {
    auto reader = field_reader();
    settings.fields(*reader);
  }

  /// @throws ConfigError naming the first key of this object that was never asked for; of those that are collected, the first
  /// dozen are named and the others counted
  void reject_unknown() const;

  /// From now on the whole document, with copies and overrides of it, adds what is wrong to `list` and reads on
  /// where it can: an optional field that can't be taken has its default, every unknown key is listed, a part() that
  /// fails is left. What has no answer to go on with, such as a required field, still throws.
  void collect(std::shared_ptr<Problems> list) const;
  /// That list; null where the first problem throws.
  const std::shared_ptr<Problems>& problems() const;
  /// From now on the whole document, with copies and overrides of it, adds to `list` a line for every option that it gives
  /// and that another option's value switches off (FieldVisitor::only_where), as it is read; null: none are told.
  void collect_notes(std::shared_ptr<Problems> list) const;
  const std::shared_ptr<Problems>& notes() const;
  /// Runs `body`, which reads a part of what this config says. Where problems are collected, a UserError that leaves
  /// `body` becomes one of them; elsewhere it passes. @returns whether `body` came to its end
  template <class Body>
  bool part(Body&& body) const {
    try {
      std::forward<Body>(body)();
      return true;
    } catch (const UserError& error) {
      if (problems() == nullptr) throw;
      problems()->add(error.what());
      return false;
    }
  }
  /// A ConfigError at this value, or at a field of it.
  [[noreturn]] void fail(const std::string& message) const;
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

 private:
  Config(std::shared_ptr<ConfigDocument> document, const Json* value, std::string pointer);
  std::unique_ptr<FieldVisitor> field_reader() const;
  const Json* find(std::string_view key) const;
  const Json* find_present(std::string_view key) const;
  const Json& required(std::string_view key, std::string_view needed) const;
  Config child(std::string_view key, const Json& value) const;
  Config element(std::size_t index) const;
  std::vector<Config> elements() const;
  /// What `read` makes of a field that is there and not null; else `fallback`.
  template <class Value, class Read>
  Value optional(std::string_view key, Value fallback, Read read) const;

  std::shared_ptr<ConfigDocument> document_;
  const Json* value_;
  std::string pointer_;
};

template <class Settings>
Settings read_settings(const Config& config) {
  return config.read<Settings>();
}

}  // namespace infomtl
