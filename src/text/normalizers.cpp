#include "text/normalizers.h"

#include <algorithm>
#include <cstring>

#include "infomtl/core/files.h"
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

// A character written in the place of one (0), of more (< 0: one more dropped for each), or between two (1).
struct Change {
  char32_t c;
  int shift;
};

void apply_changes(AlignedText& text, const std::vector<Change>& changes) {
  Rewriter rewriter(text);
  for (const Change& change : changes) {
    if (change.shift > 0) {
      rewriter.insert(change.c);
    } else {
      rewriter.replace(change.c);
    }
    for (int skipped = 0; skipped > change.shift && !rewriter.done(); --skipped) rewriter.skip();
  }
  rewriter.finish();
}

// Canonical order: marks between two starters are sorted by combining class, equal classes keep their order. The
// characters a decomposition adds are insertions, wherever the sorting puts them.
std::vector<Change> decomposition(std::string_view text, bool compatibility) {
  std::vector<Change> all;
  std::size_t starter_end = 0;  // what lies behind is still to be sorted
  const auto sort = [&] {
    std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(starter_end), all.end(),
                     [](const Change& a, const Change& b) { return combining_class(a.c) < combining_class(b.c); });
    starter_end = all.size();
  };
  for (std::size_t i = 0; i < text.size();) {
    char32_t parts[32];
    const int count = decompose(decode_utf8(text, i), compatibility, parts);
    for (int k = 0; k < count; ++k) {
      const bool starter = combining_class(parts[k]) == 0;
      if (starter) sort();
      all.push_back({parts[k], k > 0 ? 1 : 0});
      if (starter) starter_end = all.size();
    }
  }
  sort();
  return all;
}

// Canonical composition of decomposed text. A composed character stands for both of its parts.
std::vector<Change> composition(const std::vector<Change>& decomposed) {
  std::vector<Change> all, marks;
  Change base{0, 0};
  bool has_base = false;
  int last_class = -1;  // of the last mark that stayed between, -1 when none did
  const auto flush = [&] {
    if (has_base) all.push_back(base);
    all.insert(all.end(), marks.begin(), marks.end());
    marks.clear();
    last_class = -1;
  };
  for (const Change& change : decomposed) {
    const int mark_class = combining_class(change.c);
    if (!has_base) {
      if (mark_class != 0) {
        all.push_back(change);
      } else {
        base = change, has_base = true;
      }
      continue;
    }
    const bool blocked = last_class >= mark_class;
    const char32_t composed = blocked ? 0 : compose(base.c, change.c);
    if (composed != 0) {
      base = {composed, base.shift + change.shift - 1};
    } else if (mark_class == 0) {
      flush();
      base = change;
    } else {
      marks.push_back(change);
      last_class = mark_class;
    }
  }
  flush();
  return all;
}

class Composition final : public Normalizer {
 public:
  explicit Composition(bool compatibility) : compatibility_(compatibility) {}
  void apply(AlignedText& text) const override {
    if (is_ascii(text.text)) return;
    apply_changes(text, composition(decomposition(text.text, compatibility_)));
  }
  Reach reach() const override { return Reach::kWord; }

 private:
  bool compatibility_;
};

void decompose_text(AlignedText& text, bool compatibility) {
  if (!is_ascii(text.text)) apply_changes(text, decomposition(text.text, compatibility));
}

class Decomposition final : public Normalizer {
 public:
  explicit Decomposition(bool compatibility) : compatibility_(compatibility) {}
  void apply(AlignedText& text) const override { decompose_text(text, compatibility_); }
  Reach reach() const override { return Reach::kWord; }

 private:
  bool compatibility_;
};

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
    if (pattern_.empty()) return;
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

// The map of a SentencePiece model, applied as the tokenizers library does: a grapheme cluster under 6 bytes is looked
// up as a whole first, and the shortest key that starts it replaces all of it.
class Precompiled final : public Normalizer {
 public:
  explicit Precompiled(CharsMap map) : map_(std::move(map)) {}
  // A map that changes the space itself is not one of words.
  Reach reach() const override {
    std::string_view replacement;
    return map_.find_shortest(" ", replacement) ? Reach::kText : Reach::kWord;
  }

  void apply(AlignedText& text) const override {
    std::vector<Change> changes;
    std::string_view rest = text.text, replacement;
    bool changed = false;
    while (!rest.empty()) {
      const std::string_view cluster = rest.substr(0, cluster_size(rest));
      rest.remove_prefix(cluster.size());
      if (cluster.size() < 6 && map_.find_shortest(cluster, replacement)) {
        replace(cluster, replacement, changes);
        changed = true;
        continue;
      }
      for (std::size_t i = 0; i < cluster.size();) {
        const std::size_t begin = i;
        const char32_t c = decode_utf8(cluster, i);
        if (map_.find_shortest(cluster.substr(begin, i - begin), replacement)) {
          replace(cluster.substr(begin, i - begin), replacement, changes);
          changed = true;
        } else {
          changes.push_back({c, 0});
        }
      }
    }
    if (!changed) return;
    apply_changes(text, changes);
  }

 private:
  static std::size_t cluster_size(std::string_view text) {
    std::size_t position = 0;
    if (text.size() > 1 && static_cast<unsigned char>(text[0]) < 0x80 && static_cast<unsigned char>(text[1]) < 0x80) {
      return text[0] == '\r' && text[1] == '\n' ? 2 : 1;
    }
    char32_t before = decode_utf8(text, position);
    std::int32_t state = 0;
    while (position < text.size()) {
      std::size_t next = position;
      const char32_t after = decode_utf8(text, next);
      if (grapheme_break(before, after, state)) break;
      before = after;
      position = next;
    }
    return position;
  }

  // One character for one; what is more is inserted, what is less is taken off at the last character written. Where
  // nothing is written yet the loss is forgotten, and what follows stands too far left: so it is in the peer.
  static void replace(std::string_view old, std::string_view replacement, std::vector<Change>& changes) {
    const auto shift = static_cast<int>(count_chars(replacement)) - static_cast<int>(count_chars(old));
    const std::size_t before = changes.size();
    for (std::size_t i = 0; i < replacement.size();) changes.push_back({decode_utf8(replacement, i), 0});
    for (std::size_t i = changes.size();
         shift > 0 && i > before && i + static_cast<std::size_t>(shift) > changes.size();) {
      changes[--i].shift = 1;
    }
    if (shift < 0 && !changes.empty()) changes.back().shift += shift;
  }

  CharsMap map_;
};

std::string decode_base64(const JsonField& field) {
  std::string result;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : field.text()) {
    const std::uint32_t value = c >= 'A' && c <= 'Z'   ? static_cast<std::uint32_t>(c - 'A')
                                : c >= 'a' && c <= 'z' ? static_cast<std::uint32_t>(c - 'a' + 26)
                                : c >= '0' && c <= '9' ? static_cast<std::uint32_t>(c - '0' + 52)
                                : c == '+'             ? 62
                                : c == '/'             ? 63
                                                       : 64;
    if (c == '=') break;
    if (value == 64) field.fail("not base64");
    bits = (bits << 6 | value) & 0xFFFFFF;
    held += 6;
    if (held >= 8) {
      held -= 8;
      result.push_back(static_cast<char>(bits >> held & 0xFF));
    }
  }
  return result;
}

std::unique_ptr<Normalizer> read_replace(const JsonField& field) {
  const JsonField pattern = field["pattern"];
  const std::string content = field["content"].text();
  if (const JsonField text = pattern["String"]; !text.is_null()) {
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
    {"NFC", [](const JsonField&) -> std::unique_ptr<Normalizer> { return std::make_unique<Composition>(false); }},
    {"NFKC", [](const JsonField&) -> std::unique_ptr<Normalizer> { return std::make_unique<Composition>(true); }},
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
    {"Precompiled",
     [](const JsonField& field) -> std::unique_ptr<Normalizer> {
       const JsonField blob = field["precompiled_charsmap"];
       try {
         return std::make_unique<Precompiled>(CharsMap(blob.is_null() ? std::string() : decode_base64(blob)));
       } catch (FormatError& error) {
         error.add_context(blob.where());
         throw;
       }
     }},
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
    decompose_text(text, false);
    filter(text, [](char32_t c) { return (char_class(c) & kClassNonspacingMark) == 0; });
  }
  if (settings_.lowercase) lowercase(text);
}

CharsMap::CharsMap(std::string_view blob) {
  if (blob.empty()) return;
  std::uint32_t trie_bytes = 0;
  if (blob.size() < 4) throw FormatError("the character map ends before its size");
  std::memcpy(&trie_bytes, blob.data(), 4);
  if (trie_bytes % 4 != 0 || trie_bytes > blob.size() - 4) throw FormatError("the character map is cut off");
  units_.resize(trie_bytes / 4);
  if (trie_bytes > 0) std::memcpy(units_.data(), blob.data() + 4, trie_bytes);
  replacements_ = blob.substr(4 + trie_bytes);
  if (const std::size_t bad = replacements_.find('\0'); !replacements_.empty() && bad == std::string::npos) {
    throw FormatError("the character map's last replacement has no end");
  }
  if (find_invalid_utf8(replacements_) != std::string::npos) throw FormatError("the character map is not UTF-8");
}

bool CharsMap::find_shortest(std::string_view text, std::string_view& replacement) const {
  if (units_.empty()) return false;
  const auto offset = [](std::uint32_t unit) { return unit >> 10 << ((unit & 0x200) >> 6); };
  std::size_t node = offset(units_[0]);
  for (const char byte : text) {
    const auto label = static_cast<std::uint32_t>(static_cast<unsigned char>(byte));
    if (label == 0) return false;
    node ^= label;
    if (node >= units_.size()) return false;
    const std::uint32_t unit = units_[node];
    if ((unit & 0x800000FFu) != label) return false;
    node ^= offset(unit);
    if (node >= units_.size()) return false;
    if (unit & 0x100) {
      const std::size_t at = units_[node] & 0x7FFFFFFF;
      const std::size_t end = at < replacements_.size() ? replacements_.find('\0', at) : std::string::npos;
      if (end == std::string::npos) return false;
      replacement = std::string_view(replacements_).substr(at, end - at);
      return true;
    }
  }
  return false;
}

std::unique_ptr<Normalizer> make_decomposition(bool compatibility) {
  return std::make_unique<Decomposition>(compatibility);
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
