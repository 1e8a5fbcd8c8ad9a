// A tokenizer's folder of any bytes. The first byte of an input says what the rest is: 'v' a vocab.txt, 'b' a vocab.json and
// behind a zero byte a merges.txt, 's' a SentencePiece model, 'c' a tokenizer_config.json beside a small vocabulary, 'j' the
// same beside a tokenizer.json. Any end but an infomtl::Error is a finding.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "infomtl/core/errors.h"
#include "infomtl/text/tokenizer.h"
#include "support/temporary_folder.h"

namespace {

constexpr std::string_view kText = "Hello  w\u00f6rld! don't [MASK] <mask> \u4f60\u597d \U0001f600 cafe\u0301 \u2581y";
constexpr const char* kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nhello\n##ld\n";
constexpr const char* kTokenizer =
    R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "hello": 1, "caf\u00e9": 2}},
        "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null, "handle_chinese_chars": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const infomtl::testing::TemporaryFolder folder;
  const std::size_t zero = std::min(input.find('\0'), input.size());
  switch (data[0]) {
    case 'v':
      folder.write("vocab.txt", input);
      break;
    case 'b':
      folder.write("vocab.json", input.substr(0, zero));
      folder.write("merges.txt", zero < input.size() ? input.substr(zero + 1) : "");
      break;
    case 's':
      folder.write("spiece.model", input);
      break;
    case 'j':
      folder.write("tokenizer.json", kTokenizer);
      folder.write("tokenizer_config.json", input);
      break;
    default:
      folder.write("vocab.txt", kVocabulary);
      folder.write("tokenizer_config.json", input);
  }
  try {
    const auto tokenizer = infomtl::load_tokenizer(folder.path());
    const infomtl::Encoding encoding = tokenizer->encode(kText);
    if (encoding.ids.size() != encoding.offsets.size()) std::abort();
    for (const auto& [begin, end] : encoding.offsets) {
      if (begin > end || end > kText.size()) std::abort();
    }
    static_cast<void>(tokenizer->decode(encoding.ids, false));
  } catch (const infomtl::Error&) {
  }
  return 0;
}
