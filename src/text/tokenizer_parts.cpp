#include "text/tokenizer_parts.h"

#include <algorithm>

#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"
#include "text/unicode.h"

namespace infomtl::text {
namespace {

constexpr char32_t kByteLevelSpace = 0x120;

bool is_trimmed(char32_t c) { return c == kByteLevelSpace || (char_class(c) & kClassSpace); }

}  // namespace

std::pair<std::size_t, std::size_t> count_spaces_at_ends(std::string_view token) {
  std::size_t leading = 0, trailing = 0;
  bool all = true;
  for (std::size_t i = 0; i < token.size();) {
    const bool space = is_trimmed(decode_utf8(token, i));
    all = all && space;
    leading += all;
    trailing = space ? trailing + 1 : 0;
  }
  return {leading, trailing};
}

void PostProcessor::fill(std::int32_t cls, std::int32_t sep, bool doubled) {
  const int second = doubled ? 0 : 1;
  single = {{-1, cls, 0}, {0, -1, 0}, {-1, sep, 0}};
  pair = single;
  if (doubled) pair.push_back({-1, sep, 0});
  pair.push_back({1, -1, second});
  pair.push_back({-1, sep, second});
}

std::int32_t TokenizerParts::add_token(AddedToken token) {
  if (token.content.empty()) return -1;
  if (model_size_ < 0) model_size_ = static_cast<std::int64_t>(vocabulary.size());
  token.id = vocabulary.find(token.content);
  if (token.id < 0) {
    const std::int64_t id = largest_added_ >= model_size_ ? largest_added_ + 1 : model_size_;
    vocabulary.add(token.content, id);
    token.id = static_cast<std::int32_t>(id);
  }
  largest_added_ = std::max<std::int64_t>(largest_added_, token.id);
  const std::int32_t id = token.id;
  const auto [entry, fresh] = added_by_content_.try_emplace(token.content, added.size());
  if (fresh) {
    added.push_back(std::move(token));
  } else {
    added[entry->second] = std::move(token);
  }
  return id;
}

void TokenizerParts::add_listed_tokens(std::vector<AddedToken> tokens, const std::string& where) {
  constexpr std::size_t kLongestShown = 80;
  std::stable_sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  std::string first;
  std::size_t others = 0;
  for (const AddedToken& token : tokens) {
    const std::int32_t id = add_token(token);
    if (id < 0 || id == token.id) continue;
    if (!first.empty()) {
      ++others;
      continue;
    }
    first = "the added token \"" + shortened_to(printable(token.content), kLongestShown) + "\" is listed with the id " +
            std::to_string(token.id) + ", but the vocabulary gives it " + std::to_string(id);
  }
  if (first.empty()) return;
  log::warning(where + ": " + first + (others > 0 ? " (and so of " + std::to_string(others) + " more)" : "") +
               "; are the tokenizer's files of one model, and whole?");
}

void TokenizerParts::finish() {
  std::vector<std::pair<std::string, const AddedToken*>> raw, normalized;
  for (std::size_t i = 0; i < added.size(); ++i) {
    added_by_id.emplace(added[i].id, i);
    if (!added[i].normalized) {
      raw.emplace_back(added[i].content, &added[i]);
      continue;
    }
    AlignedText content(added[i].content, 0);
    pipeline.normalize(content);
    normalized.emplace_back(content.text, &added[i]);
    normalized_names.emplace(added[i].id, content.text);
  }
  raw_finder = AddedTokenFinder(std::move(raw));
  normalized_finder = AddedTokenFinder(std::move(normalized));
  if (post.trim_offsets) {
    for (std::size_t id = 0; id < vocabulary.id_limit(); ++id) {
      const std::string* name = vocabulary.token(static_cast<std::int64_t>(id));
      const auto [leading, trailing] = name ? count_spaces_at_ends(*name) : std::pair<std::size_t, std::size_t>{};
      const auto byte = [](std::size_t count) { return static_cast<std::uint8_t>(std::min<std::size_t>(count, 255)); };
      spaces_at_ends.emplace_back(byte(leading), byte(trailing));
    }
  }
}

}  // namespace infomtl::text
