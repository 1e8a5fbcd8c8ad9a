// Fuzz target of the text room. The first byte of an input says what the rest is: 'j' a tokenizer.json, that is read
// and used; anything else a text, encoded by small tokenizers of every kind. Any end but an infomtl::Error is a
// finding.
//
// libFuzzer: clang++ -fsanitize=fuzzer,address,undefined -DINFOMTL_FIXTURES=... this file and the sources of core and
// text.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/text/tokenizer.h"
#include "text/tokenizer_json.h"

namespace {

using infomtl::Encoding;
using infomtl::Tokenizer;

constexpr std::string_view kProbe =
    "Hello  w\u00f6rld! don't [MASK] <mask> \u4f60\u597d \U0001f600 cafe\u0301 1,000\t\u00a0x\u2581y unhappily";

void require(bool holds) {
  if (!holds) std::abort();
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  const Encoding encoding = tokenizer.encode(text);
  require(encoding.ids.size() == encoding.offsets.size() && encoding.ids.size() == encoding.words.size());
  require(encoding.ids.size() == encoding.type_ids.size());
  for (const auto& [begin, end] : encoding.offsets) require(begin <= text.size() && end <= text.size());
  const Encoding pair =
      tokenizer.encode_pair(text, text.substr(0, 0), {.max_length = tokenizer.special_token_count(true) + 3});
  require(pair.size() <= tokenizer.special_token_count(true) + 3);
  (void)tokenizer.decode(encoding.ids, false);
}

const std::vector<std::shared_ptr<const Tokenizer>>& tokenizers() {
  static const auto loaded = [] {
    std::vector<std::shared_ptr<const Tokenizer>> result;
    for (const char* kind : {"wordpiece_uncased", "added_tokens", "byte_level", "byte_level_holes", "unigram_json",
                             "unigram_albert_json", "unigram_albert", "bpe_deberta"}) {
      result.push_back(infomtl::load_tokenizer(std::filesystem::path(INFOMTL_FIXTURES) / "tokenizers" / kind));
    }
    return result;
  }();
  return loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  try {
    if (input[0] == 'j') {
      const Tokenizer tokenizer(infomtl::text::read_tokenizer_json(input.substr(1), "fuzz.json"));
      use(tokenizer, kProbe);
      use(tokenizer, "");
    } else {
      for (const auto& tokenizer : tokenizers()) use(*tokenizer, input.substr(1));
    }
  } catch (const infomtl::Error&) {
  }
  return 0;
}
