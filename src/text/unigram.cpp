#include "text/unigram.h"

#include <algorithm>
#include <cstdio>

#include "text/unicode.h"

namespace infomtl::text {

Unigram::Unigram(const Vocabulary& vocabulary, std::vector<double> scores, UnigramSettings settings)
    : scores_(std::move(scores)), settings_(settings), trie_(vocabulary.entries()) {
  constexpr double kUnknownPenalty = 10.0;
  unknown_score_ = (scores_.empty() ? 0.0 : *std::min_element(scores_.begin(), scores_.end())) - kUnknownPenalty;
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    byte_ids_.push_back(vocabulary.find(name));
  }
}

void Unigram::split(std::string_view word, std::vector<Piece>& pieces) const {
  struct Best {
    double score = 0.0;
    std::int32_t id = -1;
    std::uint32_t begin = ~std::uint32_t{0};  // no path ends here yet
  };
  thread_local std::vector<Best> best;
  best.assign(word.size() + 1, {});
  const auto offer = [](Best& target, double score, std::int32_t id, std::uint32_t begin) {
    if (target.begin != ~std::uint32_t{0} && !(score > target.score)) return;
    target = {score, id, begin};
  };
  for (std::uint32_t begin = 0; begin < word.size();) {
    const double score_here = best[begin].score;
    const auto char_end = begin + static_cast<std::uint32_t>(utf8_length(static_cast<unsigned char>(word[begin])));
    bool char_is_piece = false;
    std::int32_t node = ByteTrie::root();
    for (std::uint32_t end = begin; end < word.size();) {
      node = trie_.child(node, static_cast<unsigned char>(word[end]));
      ++end;
      if (node < 0) break;
      const std::int32_t id = trie_.value(node);
      if (id < 0) continue;
      offer(best[end], scores_[static_cast<std::size_t>(id)] + score_here, id, begin);
      char_is_piece |= end == char_end;
    }
    if (!char_is_piece) offer(best[char_end], unknown_score_ + score_here, settings_.unknown, begin);
    begin = char_end;
  }
  pieces.clear();
  for (auto end = static_cast<std::uint32_t>(word.size()); end > 0;) {
    const Best& last = best[end];
    if (last.id == settings_.unknown && !pieces.empty() && pieces.back().id == settings_.unknown) {
      pieces.back().begin = last.begin;
    } else {
      pieces.push_back({last.id, last.begin, end});
    }
    end = last.begin;
  }
  std::reverse(pieces.begin(), pieces.end());
}

// A piece as it is written in the vocabulary; a run of unknown characters may be a token of its own, or bytes.
void Unigram::append(std::string_view word, std::uint32_t begin, std::uint32_t end, std::vector<Piece>& pieces) const {
  const std::string_view piece = word.substr(begin, end - begin);
  const auto byte_id = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (const std::int32_t id = trie_.find(piece); id >= 0) {
    pieces.push_back({id, begin, end});
  } else if (settings_.byte_fallback &&
             std::all_of(piece.begin(), piece.end(), [&](char b) { return byte_id(b) >= 0; })) {
    for (const char byte : piece) pieces.push_back({byte_id(byte), begin, end});
  } else {
    pieces.push_back({settings_.unknown, begin, end});
  }
}

void Unigram::tokens(std::string_view word, std::vector<Piece>& result) const {
  thread_local std::vector<Piece> pieces;
  split(word, pieces);
  result.clear();
  for (const Piece& piece : pieces) append(word, piece.begin, piece.end, result);
}

void Unigram::tokenize(const AlignedText& word, TokenList& out) const {
  thread_local std::vector<Piece> pieces;
  tokens(word.text, pieces);
  for (const Piece& piece : pieces) {
    out.tokens.push_back({piece.id, word.spans[piece.begin].first, word.spans[piece.end - 1].second, out.word});
  }
}

}  // namespace infomtl::text
