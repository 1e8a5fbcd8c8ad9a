#include <algorithm>

#include "text/bpe.h"
#include "text/unicode.h"
#include "text/word_cache.h"

namespace infomtl::text {
namespace {

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

struct ByteLevelAlphabet {
  std::array<char32_t, 256> chars{};
  std::array<int, 0x144> bytes{};
  ByteLevelAlphabet() {
    bytes.fill(-1);
    char32_t next = 0x100;  // bytes without a printable character of their own take the ones from U+0100 on, in order
    for (unsigned byte = 0; byte < 256; ++byte) {
      chars[byte] = stands_for_itself(byte) ? byte : next++;
      bytes[chars[byte]] = static_cast<int>(byte);
    }
  }
};
const ByteLevelAlphabet kAlphabet;

enum Gpt2Class : std::uint8_t { kOther, kLetter, kNumber, kSpace };

Gpt2Class gpt2_class(std::uint8_t bits) {
  return bits & kClassLetter ? kLetter : bits & kClassNumber ? kNumber : bits & kClassSpace ? kSpace : kOther;
}

struct AsciiGpt2Classes {
  std::array<Gpt2Class, 128> of{};
  AsciiGpt2Classes() {
    for (char32_t c = 0; c < 128; ++c) of[c] = gpt2_class(char_class(c));
  }
};

// Class of the character at `position`, which moves behind it.
Gpt2Class read_class(std::string_view text, std::size_t& position) {
  static const AsciiGpt2Classes ascii;
  const auto lead = static_cast<unsigned char>(text[position]);
  if (lead < 0x80) {
    ++position;
    return ascii.of[lead];
  }
  return gpt2_class(char_class(decode_utf8(text, position)));
}

std::size_t contraction_length(std::string_view text, std::size_t begin) {
  const std::string_view rest = text.substr(begin + 1, 2);
  if (rest.empty()) return 0;
  if (rest[0] == 's' || rest[0] == 't' || rest[0] == 'm' || rest[0] == 'd') return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

}  // namespace

char32_t byte_level_char(unsigned char byte) { return kAlphabet.chars[byte]; }
int byte_level_byte(char32_t c) { return c < kAlphabet.bytes.size() ? kAlphabet.bytes[c] : -1; }

std::string byte_level_bytes(std::string_view token) {
  std::string bytes;
  for (std::size_t i = 0; i < token.size();) {
    const int byte = byte_level_byte(decode_utf8(token, i));
    if (byte < 0) return "";
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::size_t next_gpt2_piece(std::string_view text, std::size_t begin) {
  if (text[begin] == '\'') {
    if (const std::size_t length = contraction_length(text, begin)) return begin + length;
  }
  std::size_t position = begin;
  Gpt2Class kind = read_class(text, position);
  if (text[begin] == ' ' && position < text.size()) {
    std::size_t after = position;
    const Gpt2Class next = read_class(text, after);
    if (next != kSpace) kind = next, position = after;
  }
  std::size_t end = position;
  while (position < text.size()) {
    if (read_class(text, position) != kind) break;
    end = position;
  }
  // A run of spaces leaves its last one to what follows, unless it is the only one.
  if (kind == kSpace && end < text.size()) {
    std::size_t final_space = end - 1;
    while ((static_cast<unsigned char>(text[final_space]) & 0xC0) == 0x80) --final_space;
    if (final_space > begin) return final_space;
  }
  return end;
}

void ByteLevelPreTokenizer::apply(AlignedText piece, std::vector<AlignedText>& pieces) const {
  if (add_prefix_space_ && !piece.text.starts_with(' ')) {
    piece.text.insert(piece.text.begin(), ' ');
    piece.spans.insert(piece.spans.begin(), piece.spans.front());
  }
  const auto append = [&](std::size_t begin, std::size_t end) {
    AlignedText part;
    part.origin = piece.spans[begin].first;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t written = append_utf8(part.text, byte_level_char(static_cast<unsigned char>(piece.text[i])));
      part.spans.insert(part.spans.end(), written, piece.spans[i]);
    }
    pieces.push_back(std::move(part));
  };
  if (!use_regex_) return append(0, piece.text.size());
  for (std::size_t begin = 0; begin < piece.text.size();) {
    const std::size_t end = next_gpt2_piece(piece.text, begin);
    append(begin, end);
    begin = end;
  }
}

ByteLevelSegmenter::ByteLevelSegmenter(const Vocabulary& vocabulary, const BpeModel& model, bool add_prefix_space)
    : model_(model), add_prefix_space_(add_prefix_space), owner_(WordCache::new_owner()) {
  std::vector<std::pair<std::string, std::int32_t>> raw;
  std::vector<MergeTable::Symbol> symbols;
  for (const auto& [token, id] : vocabulary.entries()) {
    model.split(token, symbols);
    if (symbols.size() != 1 || symbols[0].id != id) continue;
    if (std::string bytes = byte_level_bytes(token); !bytes.empty()) raw.emplace_back(std::move(bytes), id);
  }
  whole_ = ByteTrie({raw.begin(), raw.end()});
}

// Symbols of a word of raw bytes; ranges are byte ranges of the word.
void ByteLevelSegmenter::append_word(std::string_view word, std::vector<MergeTable::Symbol>& symbols) const {
  thread_local std::string spelled;
  thread_local std::vector<std::uint32_t> bytes_before;
  spelled.clear();
  bytes_before.assign(1, 0);
  for (std::uint32_t i = 0; i < word.size(); ++i) {
    const std::size_t written = append_utf8(spelled, byte_level_char(static_cast<unsigned char>(word[i])));
    bytes_before.insert(bytes_before.end(), written, i + 1);
  }
  model_.split(spelled, symbols);
  for (auto& symbol : symbols) {
    symbol.begin = bytes_before[symbol.begin + 1] - 1;
    symbol.end = bytes_before[symbol.end];
  }
}

bool ByteLevelSegmenter::segment(std::string_view text, std::uint32_t start, TokenList& out) const {
  thread_local std::string prefixed;
  thread_local std::vector<MergeTable::Symbol> symbols;
  thread_local WordCache cache;
  const std::uint32_t shift = add_prefix_space_ && text.front() != ' ' ? 1 : 0;
  if (shift) {
    prefixed.assign(1, ' ');
    prefixed.append(text);
    text = prefixed;
  }
  // Tokens that hold a part of a character cover all of it; the added space stands on the first character.
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  const auto emit = [&](std::int32_t id, std::size_t begin, std::size_t end) {
    while (continues(begin)) --begin;
    if (shift && end == 1) ++end;
    while (continues(end)) ++end;
    if (begin > 0) begin -= shift;
    out.tokens.push_back(
        {id, static_cast<std::uint32_t>(start + begin), static_cast<std::uint32_t>(start + end - shift), out.word});
  };
  for (std::size_t begin = 0; begin < text.size(); ++out.word) {
    const std::size_t end = next_gpt2_piece(text, begin);
    const std::string_view word = text.substr(begin, end - begin);
    if (const std::int32_t id = whole_.find(word); id >= 0) {
      emit(id, begin, end);
    } else if (word.size() <= WordCache::kMaxBytes) {
      WordCache::Slot& slot = cache.slot(owner_, word);
      if (!slot.holds(word)) {
        append_word(word, symbols);
        slot.size = 0xFF;
        if (symbols.size() <= WordCache::kMaxTokens) {
          slot.remember(word);
          slot.count = static_cast<std::uint8_t>(symbols.size());
          std::transform(symbols.begin(), symbols.end(), slot.tokens, [](const MergeTable::Symbol& symbol) {
            return CachedToken{symbol.id, static_cast<std::uint8_t>(symbol.begin),
                               static_cast<std::uint8_t>(symbol.end)};
          });
        }
        for (const auto& symbol : symbols) emit(symbol.id, begin + symbol.begin, begin + symbol.end);
      } else {
        for (std::size_t i = 0; i < slot.count; ++i) {
          emit(slot.tokens[i].id, begin + slot.tokens[i].begin, begin + slot.tokens[i].end);
        }
      }
    } else {
      append_word(word, symbols);
      for (const auto& symbol : symbols) emit(symbol.id, begin + symbol.begin, begin + symbol.end);
    }
    begin = end;
  }
  return true;
}

}  // namespace infomtl::text
