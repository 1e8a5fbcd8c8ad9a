#include <algorithm>

#include "text/unicode.h"
#include "text/unigram.h"
#include "text/word_cache.h"

namespace infomtl::text {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

// A word of ASCII letters, digits and signs has nothing to do with the spaces around it. Of other words the first
// character must not join the space before, nor the last the space behind, and what they become must hold no space.
bool stands_apart(std::string_view word) {
  std::size_t position = 0;
  std::int32_t state = 0;
  if (!grapheme_break(U' ', decode_utf8(word, position), state)) return false;
  std::size_t last = word.size() - 1;
  while (last > 0 && (static_cast<unsigned char>(word[last]) & 0xC0) == 0x80) --last;
  state = 0;
  return grapheme_break(decode_utf8(word, last), U' ', state);
}

}  // namespace

// What a word behind a space becomes: tokens whose bytes count from that space (byte 0); 0 to 0 is the space's mark
// alone.
struct UnigramSegmenter::Word {
  std::vector<Token> tokens;
  Span first;  // where the first character of the normalized word comes from
};

UnigramSegmenter::UnigramSegmenter(const Pipeline& pipeline, const Unigram& model, Rules rules)
    : pipeline_(pipeline), model_(model), rules_(rules), owner_(WordCache::new_owner()) {}

bool UnigramSegmenter::cut(std::string_view word, Word& result) const {
  thread_local std::vector<Unigram::Piece> pieces;
  if (!word.empty() && !is_ascii(word) && !stands_apart(word)) return false;
  std::string spaced(1, ' ');
  spaced.append(word);
  AlignedText aligned(spaced, 0);
  pipeline_.normalize(aligned);
  if (!aligned.text.starts_with(' ') || aligned.spans.front() != Span{0, 1}) return false;
  if (aligned.text.size() == 1 && !word.empty()) return false;
  if (aligned.text.find(kSpaceMark) != std::string::npos) return false;
  for (std::size_t i = 1; i < aligned.text.size();) {
    if (char_class(decode_utf8(aligned.text, i)) & kClassSpace) return false;
  }
  aligned.text.replace(0, 1, kSpaceMark);
  model_.tokens(aligned.text, pieces);
  result.tokens.clear();
  result.first = word.empty() ? Span{0, 0} : aligned.spans[1];
  constexpr auto kMark = static_cast<std::uint32_t>(kSpaceMark.size());
  for (const auto& piece : pieces) {
    const std::uint32_t begin = piece.begin == 0 ? 0 : aligned.spans[piece.begin - kMark + 1].first;
    const std::uint32_t end = piece.end == kMark ? 0 : aligned.spans[piece.end - kMark].second;
    result.tokens.push_back({piece.id, begin, end, 0});
  }
  return true;
}

// `start` is where the word starts. The mark stands on the space before the word, or else on its first character.
bool UnigramSegmenter::append(std::string_view word, std::uint32_t start, bool after_space, TokenList& out) const {
  thread_local WordCache cache;
  thread_local Word fresh;
  const auto emit = [&](Span mark, std::int32_t id, std::uint32_t begin, std::uint32_t end) {
    out.tokens.push_back(
        {id, begin == 0 ? mark.first : start + begin - 1, end == 0 ? mark.second : start + end - 1, out.word});
  };
  const auto mark_at = [&](std::uint32_t first_begin, std::uint32_t first_end) {
    return after_space ? Span{start - 1, start} : Span{start + first_begin - 1, start + first_end - 1};
  };
  WordCache::Slot* slot = word.size() <= WordCache::kMaxBytes ? &cache.slot(owner_, word) : nullptr;
  if (slot == nullptr || !slot->holds(word)) {
    if (!cut(word, fresh)) return false;
    // Of characters lost at the very start of a text the plain path knows what becomes.
    if (!after_space && fresh.first.first != 1) return false;
    const Span mark = mark_at(fresh.first.first, fresh.first.second);
    for (const Token& token : fresh.tokens) emit(mark, token.id, token.begin, token.end);
    if (slot != nullptr && fresh.tokens.size() <= WordCache::kMaxTokens) {
      slot->remember(word);
      slot->extra[0] = static_cast<std::uint8_t>(fresh.first.first);
      slot->extra[1] = static_cast<std::uint8_t>(fresh.first.second);
      slot->count = static_cast<std::uint8_t>(fresh.tokens.size());
      std::transform(fresh.tokens.begin(), fresh.tokens.end(), slot->tokens, [](const Token& token) {
        return CachedToken{token.id, static_cast<std::uint8_t>(token.begin), static_cast<std::uint8_t>(token.end)};
      });
    }
  } else {
    if (!after_space && slot->extra[0] != 1) return false;
    const Span mark = mark_at(slot->extra[0], slot->extra[1]);
    for (std::size_t i = 0; i < slot->count; ++i) {
      emit(mark, slot->tokens[i].id, slot->tokens[i].begin, slot->tokens[i].end);
    }
  }
  ++out.word;
  return true;
}

bool UnigramSegmenter::segment(std::string_view text, std::uint32_t start, TokenList& out) const {
  const std::size_t tokens_before = out.tokens.size();
  const std::int32_t word_before = out.word;
  const auto give_up = [&] {
    out.tokens.resize(tokens_before);
    out.word = word_before;
    return false;
  };
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t begin = std::min(text.find_first_not_of(' ', position), text.size());
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::size_t spaces = begin - position;
    const auto word_start = static_cast<std::uint32_t>(start + begin);
    if (rules_.white_space_split) {
      if (begin == end) break;
      if (!rules_.prepend_always && !(rules_.prepend_first && word_start == 0)) return give_up();
      // The first character of a word behind a space may be lost: then the mark stands on the next one.
      if (!append(text.substr(begin, end - begin), word_start, false, out)) return give_up();
    } else {
      if (spaces > 1 && !rules_.collapses_spaces) return give_up();
      if (spaces == 0 && !rules_.prepend_always && !(rules_.prepend_first && start == 0)) return give_up();
      if (!append(text.substr(begin, end - begin), word_start, spaces > 0, out)) return give_up();
    }
    position = end;
  }
  return true;
}

}  // namespace infomtl::text
