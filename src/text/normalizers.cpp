#include "text/normalizers.h"

#include <algorithm>

#include "text/normal_forms.h"
#include "text/precompiled_normalizer.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

// Rewrites every character that `keep` refuses away.
template <class Keep>
void filter(AlignedText& text, Keep keep) {
  Rewriter rewriter(text);
  while (!rewriter.done()) {
    const char32_t c = rewriter.peek();
    if (keep(c)) {
      rewriter.replace(c);
    } else {
      rewriter.skip();
    }
  }
  rewriter.finish();
}

void lowercase(AlignedText& text) {
  Rewriter rewriter(text);
  while (!rewriter.done()) {
    char32_t lowered[4];
    const int count = lower_case(rewriter.peek(), lowered);
    rewriter.replace(lowered[0]);
    for (int i = 1; i < count; ++i) rewriter.insert(lowered[i]);
  }
  rewriter.finish();
}

class Lowercase final : public Normalizer {
 public:
  void apply(AlignedText& text) const override { lowercase(text); }
  Reach reach() const override { return Reach::kWord; }
};

class StripAccents final : public Normalizer {
 public:
  void apply(AlignedText& text) const override {
    filter(text, [](char32_t c) { return (char_class(c) & kClassMark) == 0; });
  }
  Reach reach() const override { return Reach::kWord; }
};

// White space away from the ends of the text.
class Strip final : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(AlignedText& text) const override {
    std::size_t begin = text.text.size(), end = 0;
    for (std::size_t i = 0; i < text.text.size();) {
      const std::size_t at = i;
      if (char_class(decode_utf8(text.text, i)) & kClassSpace) continue;
      begin = std::min(begin, at);
      end = i;
    }
    if (end == 0) begin = left_ || right_ ? text.text.size() : 0;
    if (!left_ && end != 0) begin = 0;
    if (!right_ || end == 0) end = text.text.size();
    const std::uint32_t origin = text.origin;
    text = text.slice(begin, end);
    text.origin = origin;
  }

 private:
  bool left_, right_;
};

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string content) : content_(std::move(content)) {}
  void apply(AlignedText& text) const override {
    if (text.text.empty()) return;
    text.text.insert(0, content_);
    text.spans.insert(text.spans.begin(), content_.size(), text.spans.front());
  }

 private:
  std::string content_;
};

// A text, or a run of at least `at_least` times the same character, becomes `content`, which takes the span of the
// last byte it replaces.
class Replace final : public Normalizer {
 public:
  Replace(std::string pattern, std::size_t at_least, std::string content)
      : pattern_(std::move(pattern)), at_least_(at_least), content_(std::move(content)) {}
  Reach reach() const override {
    if (pattern_ == " " && at_least_ > 0 && content_ == " ") return Reach::kSpaces;
    return (pattern_ + content_).find(' ') == std::string::npos ? Reach::kWord : Reach::kText;
  }

  void apply(AlignedText& text) const override {
    AlignedText result;
    result.origin = text.origin;
    std::size_t copied = 0;
    const auto copy_to = [&](std::size_t end) {
      result.text.append(text.text, copied, end - copied);
      result.spans.insert(result.spans.end(), text.spans.begin() + static_cast<std::ptrdiff_t>(copied),
                          text.spans.begin() + static_cast<std::ptrdiff_t>(end));
    };
    for (std::size_t at = text.text.find(pattern_); at != std::string::npos; at = text.text.find(pattern_, at)) {
      std::size_t end = at + pattern_.size();
      std::size_t times = 1;
      if (at_least_ > 0) {
        while (text.text.compare(end, pattern_.size(), pattern_) == 0) end += pattern_.size(), ++times;
      }
      if (times >= at_least_) {
        copy_to(at);
        result.text += content_;
        result.spans.insert(result.spans.end(), content_.size(), text.spans[end - 1]);
        copied = end;
      }
      at = end;
    }
    copy_to(text.text.size());
    text = std::move(result);
  }

 private:
  std::string pattern_;
  std::size_t at_least_;  // 0: every occurrence by itself
  std::string content_;
};

std::unique_ptr<Normalizer> read_replace(const JsonField& field) {
  const JsonField pattern = field["pattern"];
  const std::string content = field["content"].text();
  if (const JsonField text = pattern["String"]; !text.is_null()) {
    if (text.text().empty()) text.fail("must not be empty");
    return std::make_unique<Replace>(text.text(), 0, content);
  }
  const std::string regex = pattern["Regex"].text();
  if (regex == " {2,}") return std::make_unique<Replace>(" ", 2, content);
  if (regex == " +") return std::make_unique<Replace>(" ", 1, content);
  pattern.fail("the regular expression \"" + regex + "\" is not supported; \" {2,}\" and \" +\" are");
}

std::unique_ptr<Normalizer> read_bert(const JsonField& field) {
  BertNormalizerSettings settings;
  settings.clean_text = field["clean_text"].boolean(true);
  settings.handle_chinese_chars = field["handle_chinese_chars"].boolean(true);
  settings.lowercase = field["lowercase"].boolean(true);
  settings.strip_accents = field["strip_accents"].boolean(settings.lowercase);
  return std::make_unique<BertNormalizer>(settings);
}

struct Reader {
  std::string_view type;
  std::unique_ptr<Normalizer> (*read)(const JsonField&);
};
constexpr Reader kReaders[] = {
    {"BertNormalizer", read_bert},
    {"NFD", [](const JsonField&) { return make_decomposition(false); }},
    {"NFKD", [](const JsonField&) { return make_decomposition(true); }},
    {"NFC", [](const JsonField&) { return make_composition(false); }},
    {"NFKC", [](const JsonField&) { return make_composition(true); }},
    {"Lowercase", [](const JsonField&) { return make_lowercase(); }},
    {"StripAccents", [](const JsonField&) { return make_strip_accents(); }},
    {"Strip",
     [](const JsonField& field) -> std::unique_ptr<Normalizer> {
       return std::make_unique<Strip>(field["strip_left"].boolean(true), field["strip_right"].boolean(true));
     }},
    {"Prepend",
     [](const JsonField& field) -> std::unique_ptr<Normalizer> {
       return std::make_unique<Prepend>(field["prepend"].text());
     }},
    {"Replace", read_replace},
    {"Precompiled", read_precompiled},
};

}  // namespace

void BertNormalizer::apply(AlignedText& text) const {
  if (settings_.clean_text) {
    Rewriter rewriter(text);
    while (!rewriter.done()) {
      const char32_t c = rewriter.peek();
      const std::uint8_t bits = char_class(c);
      if (bits & kClassDropped) {
        rewriter.skip();
      } else {
        rewriter.replace(bits & kClassSpace ? U' ' : c);
      }
    }
    rewriter.finish();
  }
  if (settings_.handle_chinese_chars) {
    Rewriter rewriter(text);
    while (!rewriter.done()) {
      const char32_t c = rewriter.peek();
      const bool chinese = char_class(c) & kClassChinese;
      if (!chinese) {
        rewriter.replace(c);
        continue;
      }
      rewriter.replace(U' ');
      rewriter.insert(c);
      rewriter.insert(U' ');
    }
    rewriter.finish();
  }
  if (settings_.strip_accents) {
    decompose(text, false);
    filter(text, [](char32_t c) { return (char_class(c) & kClassNonspacingMark) == 0; });
  }
  if (settings_.lowercase) lowercase(text);
}

std::unique_ptr<Normalizer> make_lowercase() { return std::make_unique<Lowercase>(); }
std::unique_ptr<Normalizer> make_strip_accents() { return std::make_unique<StripAccents>(); }
std::unique_ptr<Normalizer> make_replace(std::string pattern, std::string content) {
  return std::make_unique<Replace>(std::move(pattern), 0, std::move(content));
}

void read_normalizers(const JsonField& field, std::vector<std::unique_ptr<Normalizer>>& normalizers) {
  if (field.is_null()) return;
  const JsonField type = field["type"];
  const std::string name = type.text();
  if (name == "Sequence") {
    for (const JsonField& element : field["normalizers"].elements()) read_normalizers(element, normalizers);
    return;
  }
  std::vector<std::string> known{"Sequence"};
  for (const Reader& reader : kReaders) {
    if (reader.type == name) {
      normalizers.push_back(reader.read(field));
      return;
    }
    known.emplace_back(reader.type);
  }
  type.fail("normalizer \"" + name + "\" is not supported" + did_you_mean(name, known));
}

}  // namespace infomtl::text
