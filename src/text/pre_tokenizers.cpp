#include "text/pre_tokenizers.h"

#include <utility>

#include "text/bpe.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

// Cuts a piece where the class of its characters says so: kDrop ends a word and vanishes, kAlone is a word, the rest
// runs on as long as its number stays the same.
constexpr int kDrop = -1, kAlone = -2;

template <class Classify>
void cut(const AlignedText& piece, std::vector<AlignedText>& pieces, Classify classify) {
  std::size_t begin = 0;
  int before = kDrop;
  const auto close = [&](std::size_t end) {
    if (before != kDrop && end > begin) pieces.push_back(piece.slice(begin, end));
  };
  for (std::size_t i = 0; i < piece.text.size();) {
    const std::size_t at = i;
    const int now = classify(decode_utf8(piece.text, i));
    if (now != before || now == kAlone) {
      close(at);
      begin = at;
      before = now;
    }
  }
  close(piece.text.size());
}

class WhitespaceSplit final : public PreTokenizer {
 public:
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override {
    cut(piece, pieces, [](char32_t c) { return char_class(c) & kClassSpace ? kDrop : 0; });
  }
};

// \w+|[^\w\s]+
class Whitespace final : public PreTokenizer {
 public:
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override {
    cut(piece, pieces, [](char32_t c) { return is_word_char(c) ? 0 : char_class(c) & kClassSpace ? kDrop : 1; });
  }
};

class Punctuation final : public PreTokenizer {
 public:
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override {
    cut(piece, pieces, [](char32_t c) { return char_class(c) & kClassPunctuation ? kAlone : 0; });
  }
};

class Digits final : public PreTokenizer {
 public:
  explicit Digits(bool individual) : individual_(individual) {}
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override {
    const int digit = individual_ ? kAlone : 1;
    cut(piece, pieces, [digit](char32_t c) { return char_class(c) & kClassNumber ? digit : 0; });
  }

 private:
  bool individual_;
};

struct Reader {
  std::string_view type;
  std::unique_ptr<PreTokenizer> (*read)(const JsonField&);
};
constexpr Reader kReaders[] = {
    {"BertPreTokenizer",
     [](const JsonField&) -> std::unique_ptr<PreTokenizer> { return std::make_unique<BertPreTokenizer>(); }},
    {"ByteLevel",
     [](const JsonField& field) -> std::unique_ptr<PreTokenizer> {
       return std::make_unique<ByteLevelPreTokenizer>(field["add_prefix_space"].boolean(true),
                                                      field["use_regex"].boolean(true));
     }},
    {"Metaspace",
     [](const JsonField& field) -> std::unique_ptr<PreTokenizer> {
       return std::make_unique<Metaspace>(read_metaspace(field));
     }},
    {"WhitespaceSplit",
     [](const JsonField&) -> std::unique_ptr<PreTokenizer> { return std::make_unique<WhitespaceSplit>(); }},
    {"Whitespace", [](const JsonField&) -> std::unique_ptr<PreTokenizer> { return std::make_unique<Whitespace>(); }},
    {"Punctuation",
     [](const JsonField& field) -> std::unique_ptr<PreTokenizer> {
       const std::string behavior = field["behavior"].text("Isolated");
       if (behavior != "Isolated") field["behavior"].fail("only \"Isolated\" is supported, not \"" + behavior + "\"");
       return make_punctuation_split();
     }},
    {"Digits",
     [](const JsonField& field) -> std::unique_ptr<PreTokenizer> {
       return std::make_unique<Digits>(field["individual_digits"].boolean(false));
     }},
};

}  // namespace

void BertPreTokenizer::apply(AlignedText piece, std::vector<AlignedText>& pieces) const {
  cut(piece, pieces, [](char32_t c) {
    const std::uint8_t bits = char_class(c);
    return bits & kClassSpace ? kDrop : bits & kClassPunctuation ? kAlone : 0;
  });
}

void Metaspace::apply(AlignedText piece, std::vector<AlignedText>& pieces) const {
  AlignedText marked;
  marked.origin = piece.origin;
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < piece.text.size();) {
    const std::size_t at = i;
    char32_t c = decode_utf8(piece.text, i);
    if (c == U' ') c = replacement_;
    if (at == 0 && c != replacement_ &&
        (prepend_ == Prepend::kAlways || (prepend_ == Prepend::kFirst && piece.origin == 0))) {
      marked.spans.insert(marked.spans.end(), append_utf8(marked.text, replacement_), piece.spans.front());
    }
    if (c == replacement_ && at > 0) starts.push_back(marked.text.size());
    marked.spans.insert(marked.spans.end(), append_utf8(marked.text, c), piece.spans[at]);
  }
  if (!split_ || starts.empty()) {
    pieces.push_back(std::move(marked));
    return;
  }
  std::size_t begin = 0;
  starts.push_back(marked.text.size());
  for (const std::size_t start : starts) {
    if (start > begin) pieces.push_back(marked.slice(begin, start));
    begin = start;
  }
}

bool is_white_space_split(const PreTokenizer& pre_tokenizer) {
  return dynamic_cast<const WhitespaceSplit*>(&pre_tokenizer) != nullptr;
}

std::unique_ptr<PreTokenizer> make_punctuation_split() { return std::make_unique<Punctuation>(); }

Metaspace read_metaspace(const JsonField& field) {
  const std::string replacement = field["replacement"].text("\u2581");
  if (replacement.empty() || count_chars(replacement) != 1) field["replacement"].fail("one character expected");
  std::size_t position = 0;
  const char32_t c = decode_utf8(replacement, position);
  const std::string scheme = field["prepend_scheme"].text(field["add_prefix_space"].boolean(true) ? "always" : "never");
  const auto prepend = scheme == "always"  ? Metaspace::Prepend::kAlways
                       : scheme == "first" ? Metaspace::Prepend::kFirst
                                           : Metaspace::Prepend::kNever;
  if (prepend == Metaspace::Prepend::kNever && scheme != "never") {
    field["prepend_scheme"].fail("\"" + scheme + "\" is not one of always, first, never");
  }
  return {c, prepend, field["split"].boolean(true)};
}

void read_pre_tokenizers(const JsonField& field, std::vector<std::unique_ptr<PreTokenizer>>& pre_tokenizers) {
  if (field.is_null()) return;
  const JsonField type = field["type"];
  const std::string name = type.text();
  if (name == "Sequence") {
    for (const JsonField& element : field["pretokenizers"].elements()) read_pre_tokenizers(element, pre_tokenizers);
    return;
  }
  std::vector<std::string> known{"Sequence"};
  for (const Reader& reader : kReaders) {
    if (reader.type == name) {
      pre_tokenizers.push_back(reader.read(field));
      return;
    }
    known.emplace_back(reader.type);
  }
  type.fail("pre-tokenizer \"" + name + "\" is not supported" + did_you_mean(name, known));
}

}  // namespace infomtl::text
