#include "text/precompiled_normalizer.h"

#include <cstring>

#include "infomtl/core/utf8.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

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

}  // namespace

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

std::unique_ptr<Normalizer> read_precompiled(const JsonField& field) {
  const JsonField blob = field["precompiled_charsmap"];
  try {
    return std::make_unique<Precompiled>(CharsMap(blob.is_null() ? std::string() : decode_base64(blob)));
  } catch (FormatError& error) {
    error.add_context(blob.where());
    throw;
  }
}

}  // namespace infomtl::text
