#pragma once
// What stands beside the file that tells how a model folder cuts texts: tokenizer_config.json, special_tokens_map.json,
// added_tokens.json, and the model type of config.json.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/json_field.h"
#include "text/tokenizer_class.h"
#include "text/tokenizer_parts.h"

namespace infomtl::text {

/// Whether it is a file. @throws IoError for a link that leads nowhere, a pipe, a socket or a device
bool is_file(const std::filesystem::path& path);

/// The file's JSON; an empty object where it is not there.
TreeJson read_json(const std::filesystem::path& file);

class SideFiles {
 public:
  explicit SideFiles(const std::filesystem::path& folder);

  JsonField config() const { return {config_, (folder_ / "tokenizer_config.json").string() + "#"}; }
  std::string model_type() const;
  /// vocab_size of config.json, 0 where it says none.
  std::int64_t vocab_size() const;

  /// The family of the class that the folder names. @throws FormatError for one that is not implemented
  std::optional<TokenizerFamily> named_family() const;
  /// The same, or where none is named that of the model type; none for a model of another kind.
  std::optional<TokenizerFamily> family() const;

  /// The token of a role such as "cls_token" as the files name it, or `fallback` with default flags.
  AddedToken token(const std::string& role, const std::string& fallback, bool lstrip = false) const;

  /// Adds the tokens that the files list, as Hugging Face does (transformers 4): those of `added_tokens_decoder`, whose
  /// flags overrule, else of added_tokens.json; then special tokens that are not added yet: of the roles that are named, of
  /// `additional_special_tokens` and of `extra_special_tokens`. A warning where a listed id is not the token's.
  void add_tokens(TokenizerParts& parts) const;

 private:
  JsonField map() const { return {map_, (folder_ / "special_tokens_map.json").string() + "#"}; }
  JsonField added() const { return {added_, (folder_ / "added_tokens.json").string() + "#"}; }
  JsonField model() const { return {model_, (folder_ / "config.json").string() + "#"}; }
  std::vector<AddedToken> listed_tokens(const std::vector<AddedToken>& special, const TokenizerParts& parts) const;
  std::vector<AddedToken> special_tokens() const;

  TreeJson config_, map_, added_, model_;
  std::filesystem::path folder_;
};

}  // namespace infomtl::text
