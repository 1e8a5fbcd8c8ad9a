#pragma once
// Registry: names to factories, with everything `infomtl list` tells about a name.
//
//   Registry<LossTerm> registry("loss");
//   registry.add<Focal>("focal", "focal loss", "Lin et al. 2017");   // Focal has Settings and a constructor from them
//   std::shared_ptr<LossTerm> term = registry.build(config);          // config: {"name": "focal", "gamma": 2}

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"

namespace infomtl {

class Config;

/// What a kind of entry tells beside the rest: a head whether it is gaussian, a weighting its regimes.
struct RegistryTrait {
  std::string name;
  std::string value;  ///< as JSON text
};

/// What a registry knows of one name, beside how to build it.
struct RegistryEntry {
  std::string name;
  std::string summary;
  std::string source;  ///< paper or other origin of the method: "Kendall et al., CVPR 2018"
  std::vector<FieldInfo> options;
  std::string origin = "infomtl";  ///< "infomtl", "program", or the plugin's file
  std::vector<RegistryTrait> traits = {};
};

/// Settings of a class that has none.
struct NoSettings {
  void fields(FieldVisitor&) {}
};

/// Calls `use` with the name that an entry's config gives, or with `fallback` where that is not empty and an object gives
/// none, and with that config as an object. @throws ConfigError
INFOMTL_API void with_name(const Config& config, const std::string& fallback,
                           const std::function<void(const std::string& name, const Config& object)>& use);
/// @param meant  what the name is called here, "" where nobody said
/// @throws UnknownNameError at the config's name, with that or the nearest of the known ones
[[noreturn]] INFOMTL_API void refuse_name(const Config& config, const std::string& kind, const std::string& name,
                                          const std::vector<std::string>& known, const std::string& meant = "");
/// What other libraries call an entry, and what it is called here.
using NameHints = std::vector<std::pair<std::string, std::string>>;

/// Names to factories of Product; Args are what a factory gets beside its config (a hidden size, the tasks).
/// Duplicate names are errors, unknown names come with the nearest known one.
template <class Product, class... Args>
class Registry {
 public:
  using Factory = std::function<std::shared_ptr<Product>(const Config&, Args...)>;

  /// @param kind what messages call an entry: "loss", "weighting"; @param default_name what a config's object without a
  /// "name" means, where the part may be left out; empty: nothing
  explicit Registry(std::string kind, std::string default_name = "")
      : kind_(std::move(kind)), default_name_(std::move(default_name)) {}

  void add(RegistryEntry entry, Factory factory) {
    if (find(entry.name) != nullptr) throw StateError(kind_ + " \"" + entry.name + "\" is registered twice");
    entry.origin = origin_;
    entries_.push_back({std::move(entry), std::move(factory)});
  }

  /// Lets configs ask for an entry by another name too, such as one that it had before. Not listed.
  void add_alias(std::string alias, const std::string& name) {
    if (find(alias) != nullptr) throw StateError(kind_ + " \"" + alias + "\" is registered twice");
    if (find(name) == nullptr) throw StateError(kind_ + " \"" + name + "\", for alias \"" + alias + "\", is unknown");
    aliases_.emplace(std::move(alias), name);
  }

  /// Names of other libraries: a config that asks for one is refused with the name that it has here, for the two may
  /// differ in more than the name.
  void add_hints(const NameHints& hints) {
    for (const auto& [other, name] : hints) {
      if (find(other) != nullptr) throw StateError(kind_ + " \"" + other + "\" is registered, so it needs no hint");
      if (find(name) == nullptr) throw StateError(kind_ + " \"" + name + "\", for hint \"" + other + "\", is unknown");
      hints_[other] = name;
    }
  }

  /// Registers a class with a nested `Settings` and a constructor Class(Settings, Args...).
  template <class Class>
  void add(std::string name, std::string summary, std::string source = "", std::vector<RegistryTrait> traits = {}) {
    add({.name = std::move(name),
         .summary = std::move(summary),
         .source = std::move(source),
         .options = describe_fields<typename Class::Settings>(),
         .traits = std::move(traits)},
        [](const Config& config, Args... args) -> std::shared_ptr<Product> {
          return std::make_shared<Class>(read_settings<typename Class::Settings>(config), args...);
        });
  }

  /// Builds what config's "name" says. A bare string stands for an object with that name only.
  /// @throws UnknownNameError, and ConfigError of the factory
  std::shared_ptr<Product> build(const Config& config, Args... args) const {
    std::shared_ptr<Product> product;
    with_name(config, default_name_, [&](const std::string& name, const Config& object) {
      product = slot_named(name, config).factory(object, args...);
    });
    return product;
  }
  /// The name under which a config's entry is listed: what its "name" says, aliases resolved. @throws UnknownNameError
  std::string name_in(const Config& config) const {
    std::string listed;
    with_name(config, default_name_,
              [&](const std::string& name, const Config&) { listed = slot_named(name, config).entry.name; });
    return listed;
  }

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  const std::string& kind() const { return kind_; }
  const std::string& default_name() const { return default_name_; }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    result.reserve(entries_.size());
    for (const Slot& slot : entries_) result.push_back(slot.entry.name);
    return result;
  }
  std::vector<RegistryEntry> entries() const {
    std::vector<RegistryEntry> result;
    result.reserve(entries_.size());
    for (const Slot& slot : entries_) result.push_back(slot.entry);
    return result;
  }
  /// Who registers from now on: entries added later carry this origin.
  void set_origin(std::string origin) { origin_ = std::move(origin); }
  /// Drops the entries of one origin: a plugin that failed half-way leaves nothing behind.
  void remove_origin(std::string_view origin) {
    std::erase_if(entries_, [&](const Slot& slot) { return slot.entry.origin == origin; });
  }

 private:
  struct Slot {
    RegistryEntry entry;
    Factory factory;
  };
  const Slot& slot_named(const std::string& name, const Config& config) const {
    const Slot* slot = find(name);
    if (slot != nullptr) return *slot;
    const auto hint = hints_.find(name);
    refuse_name(config, kind_, name, names(), hint == hints_.end() ? "" : hint->second);
  }
  const Slot* find(std::string_view name) const {
    if (const auto alias = aliases_.find(name); alias != aliases_.end()) name = alias->second;
    for (const Slot& slot : entries_) {
      if (slot.entry.name == name) return &slot;
    }
    return nullptr;
  }

  std::string kind_, default_name_;
  std::string origin_ = "infomtl";
  std::vector<Slot> entries_;
  std::map<std::string, std::string, std::less<>> aliases_;  ///< alias -> name
  std::map<std::string, std::string, std::less<>> hints_;    ///< what another library calls it -> name
};

}  // namespace infomtl
