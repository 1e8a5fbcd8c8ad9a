#include "text/side_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "text/tokenizer_json.h"

namespace infomtl::text {
namespace {

namespace fs = std::filesystem;

std::vector<AddedToken>::const_iterator find(const std::vector<AddedToken>& tokens, const std::string& content) {
  return std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& token) { return token.content == content; });
}

bool holds(const std::vector<AddedToken>& tokens, const std::string& content) {
  return find(tokens, content) != tokens.end();
}

/// A special token as the files write one: its text, or an object with flags.
AddedToken read_special_token(const JsonField& field) {
  if (!field.json().is_object()) return {.content = field.text(), .special = true};
  AddedToken token = read_added_token(field);
  token.special = true;
  token.normalized = field["normalized"].boolean(false);
  return token;
}

/// A token id that is the key of a field. @throws FormatError
std::int32_t id_of_key(const std::string& key, const JsonField& field) {
  std::int32_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size() || id < 0 || id >= Vocabulary::kIdLimit) {
    field.fail("its key must be a token id, from 0 to " + std::to_string(Vocabulary::kIdLimit - 1));
  }
  return id;
}

}  // namespace

bool is_file(const fs::path& path) {
  std::error_code ignored;
  need_regular_file(path);
  return is_there(path) && fs::is_regular_file(path, ignored);
}

TreeJson read_json(const fs::path& file) {
  return is_there(file) ? parse_json_by_tree(read_regular_file(file), file.string()) : TreeJson::object();
}

SideFiles::SideFiles(const fs::path& folder)
    : config_(read_json(folder / "tokenizer_config.json")),
      map_(read_json(folder / "special_tokens_map.json")),
      added_(read_json(folder / "added_tokens.json")),
      model_(read_json(folder / "config.json")),
      folder_(folder) {
  // A config that lists its tokens is of a later time than these two files, which then say nothing.
  if (config()["added_tokens_decoder"].json().is_object()) map_ = added_ = TreeJson::object();
}

std::string SideFiles::model_type() const { return model()["model_type"].text(""); }

std::int64_t SideFiles::vocab_size() const { return model()["vocab_size"].integer(0); }

std::optional<TokenizerFamily> SideFiles::named_family() const {
  const JsonField field = config()["tokenizer_class"];
  if (field.is_null()) return std::nullopt;
  const auto family = tokenizer_family(field.text());
  if (!family) {
    field.fail("\"" + field.text() + "\" is not implemented; " + known_tokenizer_classes() + " are");
  }
  return family;
}

std::optional<TokenizerFamily> SideFiles::family() const {
  const auto named = named_family();
  return named ? named : tokenizer_family(model_type());
}

AddedToken SideFiles::token(const std::string& role, const std::string& fallback, bool lstrip) const {
  AddedToken token{.content = fallback, .special = true, .lstrip = lstrip};
  for (const JsonField& source : {map()[role], config()[role]}) {
    if (source.is_null()) continue;
    if (source.json().is_object()) return read_special_token(source);
    if (source.text() != token.content) token.content = source.text();
    break;
  }
  return token;
}

std::vector<AddedToken> SideFiles::special_tokens() const {
  std::vector<AddedToken> tokens;
  const auto its_family = family();
  const bool mask_blank = its_family && mask_takes_blank(*its_family);
  const auto add = [&](const AddedToken& token) {
    if (!token.content.empty() && !holds(tokens, token.content)) tokens.push_back(token);
  };
  for (const char* role :
       {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    add(token(role, "", mask_blank && role == std::string_view("mask_token")));
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    for (const JsonField& list : {config()[key], map()[key]}) {
      if (list.is_null()) continue;
      if (list.json().is_object()) {  // by names of one's own
        for (const auto& [name, value] : list.object().items()) add(read_special_token(list[name]));
      } else {
        for (const JsonField& element : list.elements()) add(read_special_token(element));
      }
    }
  }
  return tokens;
}

std::vector<AddedToken> SideFiles::listed_tokens(const std::vector<AddedToken>& special,
                                                 const TokenizerParts& parts) const {
  std::vector<AddedToken> listed;
  if (const JsonField list = config()["added_tokens_decoder"]; !list.is_null()) {
    for (const auto& [id, value] : list.object().items()) {
      listed.push_back(read_added_token(list[id]));
      listed.back().id = id_of_key(id, list[id]);
    }
  }
  for (const auto& [content, value] : added().object().items()) {
    const std::int32_t id = read_token_id(added()[content]);
    if (holds(parts.added, content)) continue;
    const auto named = find(special, content);
    listed.push_back(named != special.end() ? *named : AddedToken{.content = content, .normalized = true});
    listed.back().id = id;
  }
  return listed;
}

void SideFiles::add_tokens(TokenizerParts& parts) const {
  const std::vector<AddedToken> special = special_tokens();
  parts.add_listed_tokens(listed_tokens(special, parts), folder_.string());
  for (const AddedToken& token : special) {
    if (!holds(parts.added, token.content)) parts.add_token(token);
  }
}

}  // namespace infomtl::text
