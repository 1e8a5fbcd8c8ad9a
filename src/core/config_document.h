#pragma once
// The document behind Config: the merged value, who wrote which part of it, and what was asked for.

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/core/json_pointer.h"
#include "infomtl/core/problems.h"

namespace infomtl {

/// `${NAME}` replaced from the environment; INFOMTL_CACHE falls back to cache_folder(). @throws ConfigError when unset
std::string expand_variables(std::string_view text);

struct ConfigDocument {
  struct Origin {
    std::string name;              ///< as messages give it
    std::filesystem::path folder;  ///< relative paths start here
    std::string below = {};        ///< the pointer of what `name` stands for, where that is not the whole

    /// "tweets.json#/losses/1" for the pointer of what it wrote.
    std::string where(const std::string& pointer) const;
  };

  Json root;
  std::vector<Origin> origins;
  std::map<std::string, std::size_t> written_by;          ///< pointer -> index in origins, for every value
  std::map<std::string, std::vector<std::string>> asked;  ///< pointer of an object -> keys, in order of asking
  std::shared_ptr<Problems> problems = {};                ///< where they are collected; null: they throw
  std::shared_ptr<Problems> notes = {};                   ///< what is no mistake and has no effect; null: not told

  /// Merges one text (and below it what it extends) over what is there. `open` holds the files being read.
  void merge_text(std::string_view text, Origin origin, std::vector<std::filesystem::path>& open);
  /// Takes a value as it is.
  void take(Json value, Origin origin);
  /// "a.b.0.c=VALUE"; one that can't be applied is a problem. @param written_at  where VALUE stands; empty: on the command
  /// line
  void override_value(const std::string& assignment, const std::string& written_at = "");

  const Origin& origin_of(std::string pointer) const;
  std::string where(const std::string& pointer) const;
  /// A path as the file that wrote it means it; "~/" is the home folder.
  std::filesystem::path resolved(const std::string& text, const std::string& pointer) const;

 private:
  void apply_override(const std::string& assignment, const std::string& written_at);
  void merge(Json& target, Json layer, const std::string& pointer, std::size_t origin);
  void record(const Json& value, const std::string& pointer, std::size_t origin);
  void expand(Json& value, const std::string& pointer);
  void forget(const std::string& pointer);
};

}  // namespace infomtl
