#include "text/bpe.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <queue>
#include <tuple>

#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

std::uint64_t mix(std::uint64_t key) { return (key ^ key >> 29) * 0x9E3779B97F4A7C15u >> 20; }

}  // namespace

MergeTable::MergeTable(const Vocabulary& vocabulary, const std::vector<std::pair<std::string, std::string>>& merges,
                       std::string_view inside_prefix)
    : cells_(std::bit_ceil(2 * merges.size() + 2)), mask_(cells_.size() - 1) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const bool has_prefix = !inside_prefix.empty() && right.starts_with(inside_prefix);
    const std::string joined = left + (has_prefix ? right.substr(inside_prefix.size()) : right);
    const auto need = [&](const std::string& token) {
      const std::int32_t id = vocabulary.find(token);
      if (id < 0) {
        throw FormatError("merge " + std::to_string(rank) + " needs the token \"" + shortened_to(printable(token), 80) +
                          "\", which the vocabulary does not have");
      }
      return id;
    };
    const std::uint64_t key = pair_key(need(left), need(right));
    std::uint64_t cell = mix(key) & mask_;
    while (cells_[cell].merge.rank >= 0 && cells_[cell].pair != key) cell = (cell + 1) & mask_;
    cells_[cell] = {key, {static_cast<std::int32_t>(rank), need(joined)}};
  }
}

MergeTable::Merge MergeTable::find(std::int32_t left, std::int32_t right) const {
  const std::uint64_t key = pair_key(left, right);
  std::uint64_t cell = mix(key) & mask_;
  while (cells_[cell].merge.rank >= 0) {
    if (cells_[cell].pair == key) return cells_[cell].merge;
    cell = (cell + 1) & mask_;
  }
  return {};
}

void MergeTable::apply(std::vector<Symbol>& symbols) const {
  constexpr std::size_t kShort = 48;
  if (symbols.size() > kShort) return apply_to_long(symbols);
  if (symbols.size() < 2) return;
  Merge next[kShort];
  std::size_t count = symbols.size();
  for (std::size_t i = 0; i + 1 < count; ++i) next[i] = find(symbols[i].id, symbols[i + 1].id);
  for (;;) {
    std::size_t best = count;
    auto best_rank = ~std::uint32_t{0};
    for (std::size_t i = 0; i + 1 < count; ++i) {
      const auto rank = static_cast<std::uint32_t>(next[i].rank);  // -1 is the largest
      if (rank < best_rank) best_rank = rank, best = i;
    }
    if (best == count) break;
    symbols[best] = {next[best].result, symbols[best].begin, symbols[best + 1].end};
    for (std::size_t i = best + 1; i + 1 < count; ++i) symbols[i] = symbols[i + 1], next[i] = next[i + 1];
    --count;
    next[best] = best + 1 < count ? find(symbols[best].id, symbols[best + 1].id) : Merge{};
    if (best > 0) next[best - 1] = find(symbols[best - 1].id, symbols[best].id);
  }
  symbols.resize(count);
}

void MergeTable::apply_to_long(std::vector<Symbol>& symbols) const {
  constexpr std::size_t kNone = ~std::size_t{0};
  std::vector<std::size_t> before(symbols.size()), after(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i) before[i] = i - 1, after[i] = i + 1;
  after.back() = kNone;
  // (rank, place, result); an entry whose pair has changed since is passed over
  std::priority_queue<std::tuple<std::int32_t, std::size_t, std::int32_t>,
                      std::vector<std::tuple<std::int32_t, std::size_t, std::int32_t>>, std::greater<>>
      queue;
  const auto look = [&](std::size_t place) {
    if (place == kNone || after[place] == kNone) return;
    const Merge merge = find(symbols[place].id, symbols[after[place]].id);
    if (merge.rank >= 0) queue.emplace(merge.rank, place, merge.result);
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) look(i);
  while (!queue.empty()) {
    const auto [rank, place, result] = queue.top();
    queue.pop();
    if (symbols[place].id < 0 || after[place] == kNone) continue;
    const std::size_t right = after[place];
    const Merge merge = find(symbols[place].id, symbols[right].id);
    if (merge.rank != rank || merge.result != result) continue;
    symbols[place].id = result;
    symbols[place].end = symbols[right].end;
    symbols[right].id = -1;
    after[place] = after[right];
    if (after[right] != kNone) before[after[right]] = place;
    look(place);
    look(before[place]);
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.id < 0; });
}

BpeModel::BpeModel(const Vocabulary& vocabulary, const std::vector<std::pair<std::string, std::string>>& merges,
                   BpeSettings settings)
    : vocabulary_(vocabulary), settings_(std::move(settings)), merges_(vocabulary, merges, settings_.inside_prefix) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    byte_ids_[byte] = vocabulary.find(name);
  }
}

void BpeModel::split(std::string_view word, std::vector<MergeTable::Symbol>& symbols) const {
  symbols.clear();
  if (word.empty()) return;
  const auto size = static_cast<std::uint32_t>(word.size());
  if (settings_.ignore_merges) {
    if (const std::int32_t id = vocabulary_.find(word); id >= 0) {
      symbols.push_back({id, 0, size});
      return;
    }
  }
  // Places count what is kept: behind a character that is left out, offsets stand too far left, as in the peer.
  std::string name;
  bool unknown_before = false;
  std::uint32_t kept = 0;
  const auto push = [&](std::int32_t id, std::uint32_t length) {
    symbols.push_back({id, kept, kept + length});
    kept += length;
  };
  for (std::uint32_t begin = 0; begin < size;) {
    const auto length = static_cast<std::uint32_t>(
        std::min<std::size_t>(size - begin, utf8_length(static_cast<unsigned char>(word[begin]))));
    const std::string_view bytes = word.substr(begin, length);
    name.assign(bytes);
    if (begin > 0) name.insert(0, settings_.inside_prefix);
    begin += length;
    if (begin == size) name += settings_.end_suffix;
    const auto byte_id = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
    bool unknown = false;
    if (const std::int32_t id = vocabulary_.find(name); id >= 0) {
      push(id, length);
    } else if (settings_.byte_fallback &&
               std::all_of(bytes.begin(), bytes.end(), [&](char b) { return byte_id(b) >= 0; })) {
      for (const char byte : bytes) push(byte_id(byte), 1);
    } else if (settings_.unknown >= 0) {
      unknown = true;
      if (unknown_before && settings_.fuse_unknown) {
        kept += length;
        symbols.back().end = kept;
      } else {
        push(settings_.unknown, length);
      }
    }
    unknown_before = unknown;
  }
  merges_.apply(symbols);
}

void BpeModel::tokenize(const AlignedText& word, TokenList& out) const {
  thread_local std::vector<MergeTable::Symbol> symbols;
  split(word.text, symbols);
  for (const auto& symbol : symbols) {
    out.tokens.push_back({symbol.id, word.spans[symbol.begin].first, word.spans[symbol.end - 1].second, out.word});
  }
}

}  // namespace infomtl::text
