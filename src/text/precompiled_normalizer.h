#pragma once
// The character map that a SentencePiece model carries in compiled form, and the normalizer that applies it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/json_field.h"
#include "text/pipeline.h"

namespace infomtl::text {

/// The compiled map of a SentencePiece model: a Darts trie from byte sequences to their replacements.
class CharsMap {
 public:
  /// @param blob uint32 size of the trie in bytes, the trie, the replacements, each ended by a zero byte
  explicit CharsMap(std::string_view blob);
  /// The replacement of the shortest key that starts `text`, as the tokenizers library looks it up; false when none.
  bool find_shortest(std::string_view text, std::string_view& replacement) const;

 private:
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

/// The normalizer "Precompiled" of a `tokenizer.json`, its map in base64. @throws FormatError
std::unique_ptr<Normalizer> read_precompiled(const JsonField& field);

}  // namespace infomtl::text
