#pragma once
// What a tokenizer is made of; the readers of model folders fill it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "infomtl/text/special_tokens.h"
#include "text/added_tokens.h"
#include "text/decoders.h"
#include "text/pipeline.h"
#include "text/vocabulary.h"

namespace infomtl::text {

/// One place of a post-processor's template: a text of the input, or a special token.
struct TemplateItem {
  int sequence = -1;  ///< 0 or 1: the first or second text; -1: a special token
  std::int32_t id = -1;
  std::int32_t type_id = 0;
};

struct PostProcessor {
  /// [CLS] A [SEP] B [SEP] with types 0 and 1 or, doubled, <s> A </s> </s> B </s> with type 0 everywhere.
  void fill(std::int32_t cls, std::int32_t sep, bool doubled);

  std::vector<TemplateItem> single{{.sequence = 0}};
  std::vector<TemplateItem> pair{{.sequence = 0}, {.sequence = 1, .type_id = 1}};
  bool trim_offsets = false;       ///< byte-level tokens do not cover the white space at their ends ...
  bool keep_prefix_space = false;  ///< ... but for the space that was put before the text
};

/// How many characters at the start and at the end of a token are white space (a byte-level token's own mark too).
std::pair<std::size_t, std::size_t> count_spaces_at_ends(std::string_view token);

struct TokenizerParts {
  Vocabulary vocabulary;
  std::vector<AddedToken> added;
  Pipeline pipeline;
  PostProcessor post;
  std::vector<std::unique_ptr<Decoder>> decoders;
  SpecialTokenIds special;

  /// Adds a token as the tokenizers library does: the model's id where it has the token, else the next free one. Of a
  /// token added twice the later flags count.
  /// @return the token's id, -1 for an empty one, which is not added
  std::int32_t add_token(AddedToken token);
  /// Adds tokens that a file lists with ids, in the order of these; a warning where a token's id is another, as where the
  /// vocabulary is another file's.
  /// @param where  the file, for the warning
  void add_listed_tokens(std::vector<AddedToken> tokens, const std::string& where);
  /// Call once when everything above is filled.
  void finish();

  // filled by finish()
  std::unordered_map<std::int32_t, std::size_t> added_by_id;
  std::unordered_map<std::int32_t, std::string>
      normalized_names;  // how added tokens are sought in normalized text, and decoded
  AddedTokenFinder raw_finder, normalized_finder;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> spaces_at_ends;  // by id, where trim_offsets

 private:
  std::unordered_map<std::string, std::size_t> added_by_content_;
  std::int64_t largest_added_ = -1;
  std::int64_t model_size_ = -1;  // tokens of the model itself, known when the first token is added
};

}  // namespace infomtl::text
