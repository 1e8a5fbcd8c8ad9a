#pragma once
// One value of a tokenizer's JSON file, with its path, so that every complaint names file and field.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/errors.h"

namespace infomtl::text {

/// Vocabularies are large objects: this one finds keys by tree, the library's ordered one by search.
using TreeJson = nlohmann::json;

class JsonField {
 public:
  /// @param where  the file's name and "#", then a JSON pointer
  JsonField(const TreeJson& value, std::string where, int depth = 0)
      : value_(&value), where_(std::move(where)), depth_(depth) {}

  const TreeJson& json() const { return *value_; }
  /// "tokenizer.json#/model", or the file alone for its whole value.
  std::string where() const;
  bool is_null() const { return value_->is_null(); }

  /// A field of this object; a missing one reads as null.
  JsonField operator[](std::string_view key) const;
  JsonField operator[](std::size_t index) const;
  std::vector<JsonField> elements() const;  ///< of a list
  const TreeJson& object() const;           ///< this value, which must be an object

  std::string text() const;
  std::string text(std::string_view fallback) const;  ///< fallback when null
  bool boolean(bool fallback) const;
  std::int64_t integer() const;
  std::int64_t integer(std::int64_t fallback) const;
  double number() const;

  /// @throws FormatError "tokenizer.json#/model/vocab: PROBLEM"
  [[noreturn]] void fail(const std::string& problem) const;
  /// The same, saying what was found: "...: found the number 3; must be NEEDED".
  [[noreturn]] void fail_found(const std::string& needed) const;

 private:
  const TreeJson* value_;
  std::string where_;
  int depth_;
};

}  // namespace infomtl::text
