#include "infomtl/text/tokenizer.h"

#include <algorithm>
#include <limits>

#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "text/tokenizer_parts.h"
#include "text/unicode.h"

namespace infomtl {

using text::AddedToken;
using text::AddedTokenFinder;
using text::AlignedText;
using text::count_spaces_at_ends;
using text::TemplateItem;
using text::Token;
using text::TokenizerParts;
using text::TokenList;

void Encoding::clear() {
  ids.clear();
  type_ids.clear();
  offsets.clear();
  words.clear();
  truncated = false;
}

namespace {

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Takes the white space at both ends of a byte-level token out of its offsets.
void trim(Token& token, bool first, std::string_view text, std::size_t leading, std::size_t trailing,
          bool keep_prefix_space) {
  if (leading == 0 && trailing == 0) return;
  if (leading > 0) {
    if ((first || token.begin == 0) && keep_prefix_space && leading == 1) leading = 0;
    for (; leading > 0 && token.begin < token.end; --leading) {
      ++token.begin;
      while (token.begin < token.end && continues(text, token.begin)) ++token.begin;
    }
  }
  std::uint32_t end = token.end;
  for (; trailing > 0 && end > 0; --trailing) {
    --end;
    while (end > 0 && continues(text, end)) --end;
  }
  if (trailing == 0) token.end = std::max(end, token.begin);
}

void check_text(std::string_view text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) throw DataError("a text of 4 GiB or more");
  if (text::is_ascii(text)) return;
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    static constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(text[bad]);
    throw DataError("the text is not UTF-8: byte " + std::to_string(bad) + " is 0x" + kDigits[byte >> 4] +
                    kDigits[byte & 15]);
  }
}

// Tokens of a stretch of text that holds no added token of the raw kind.
void append_stretch(const TokenizerParts& parts, std::string_view stretch, std::uint32_t start, TokenList& out) {
  const AddedTokenFinder& finder = parts.normalized_finder;
  const text::Pipeline& pipeline = parts.pipeline;
  const bool plain_text = pipeline.normalizers.empty();  // normalized and raw text are the same
  if (finder.empty() || (plain_text && finder.find_candidate(stretch, 0) == std::string_view::npos)) {
    if (pipeline.fast && pipeline.fast->segment(stretch, start, out)) return;
  }
  AlignedText aligned(stretch, start);
  pipeline.normalize(aligned);
  if (finder.empty()) return pipeline.tokenize(std::move(aligned), out);
  std::vector<AddedTokenFinder::Match> matches;
  finder.find(aligned.text, matches);
  for (const auto& match : matches) {
    if (match.token == nullptr) {
      pipeline.tokenize(aligned.slice(match.begin, match.end), out);
    } else {
      out.tokens.push_back(
          {match.token->id, aligned.spans[match.begin].first, aligned.spans[match.end - 1].second, out.word++});
    }
  }
}

void append_text(const TokenizerParts& parts, std::string_view text, TokenList& out) {
  check_text(text);
  if (text.empty()) return;
  const AddedTokenFinder& finder = parts.raw_finder;
  if (finder.find_candidate(text, 0) == std::string_view::npos) return append_stretch(parts, text, 0, out);
  thread_local std::vector<AddedTokenFinder::Match> matches;
  finder.find(text, matches);
  for (const auto& match : matches) {
    const auto begin = static_cast<std::uint32_t>(match.begin);
    if (match.token == nullptr) {
      append_stretch(parts, text.substr(match.begin, match.end - match.begin), begin, out);
    } else {
      out.tokens.push_back({match.token->id, begin, static_cast<std::uint32_t>(match.end), out.word++});
    }
  }
}

template <class TextOf>
void trim_all(const TokenizerParts& parts, std::vector<Token>& tokens, TextOf text_of) {
  if (!parts.post.trim_offsets) return;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    Token& token = tokens[i];
    const std::string_view text = text_of(token);
    std::pair<std::size_t, std::size_t> spaces = parts.spaces_at_ends[static_cast<std::size_t>(token.id)];
    if (parts.added_by_id.contains(token.id)) {
      spaces = count_spaces_at_ends(text.substr(token.begin, token.end - token.begin));
    }
    trim(token, i == 0, text, spaces.first, spaces.second, parts.post.keep_prefix_space);
  }
}

std::size_t count_special(const std::vector<TemplateItem>& items) {
  return static_cast<std::size_t>(
      std::count_if(items.begin(), items.end(), [](const TemplateItem& item) { return item.sequence < 0; }));
}

// Longest first: the shorter text is kept whole where that leaves the longer one at least as many tokens.
void cut_pair(std::size_t room, std::vector<Token>& first, std::vector<Token>& second) {
  const bool swapped = first.size() > second.size();
  std::vector<Token>& shorter = swapped ? second : first;
  std::vector<Token>& longer = swapped ? first : second;
  std::size_t keep_short = shorter.size();
  std::size_t keep_long = keep_short > room ? keep_short : std::max(keep_short, room - keep_short);
  if (keep_short + keep_long > room) {
    keep_short = room / 2;
    keep_long = room - keep_short;
  }
  if (shorter.size() > keep_short) shorter.resize(keep_short);
  if (longer.size() > keep_long) longer.resize(keep_long);
}

void assemble(const TokenizerParts& parts, std::vector<Token>& first, std::vector<Token>* second,
              const TokenizeOptions& options, Encoding& encoding) {
  const std::vector<TemplateItem>& items = second ? parts.post.pair : parts.post.single;
  const std::size_t special = options.add_special_tokens ? count_special(items) : 0;
  const std::size_t whole = first.size() + (second ? second->size() : 0) + special;
  encoding.clear();
  if (options.max_length > 0 && whole > options.max_length) {
    if (options.max_length < special) {
      throw DataError("max_length " + std::to_string(options.max_length) + " leaves no room for the " +
                      std::to_string(special) + " special tokens");
    }
    const std::size_t room = options.max_length - special;
    if (second) {
      cut_pair(room, first, *second);
    } else {
      first.resize(room);
    }
    encoding.truncated = true;
  }
  const std::size_t size = first.size() + (second ? second->size() : 0) + special;
  encoding.ids.reserve(size);
  encoding.type_ids.reserve(size);
  encoding.offsets.reserve(size);
  encoding.words.reserve(size);
  for (const TemplateItem& item : items) {
    if (item.sequence < 0) {
      if (!options.add_special_tokens) continue;
      encoding.ids.push_back(item.id);
      encoding.offsets.emplace_back(0, 0);
      encoding.words.push_back(-1);
    } else {
      for (const Token& token : item.sequence == 0 ? first : *second) {
        encoding.ids.push_back(token.id);
        encoding.offsets.emplace_back(token.begin, token.end);
        encoding.words.push_back(token.word);
      }
    }
    encoding.type_ids.resize(encoding.ids.size(), item.type_id);
  }
}

// Memory of a thread's calls, kept between them.
struct Scratch {
  TokenList first, second;
  void clear() {
    first.tokens.clear();
    second.tokens.clear();
    first.word = second.word = 0;
  }
};

Scratch& scratch() {
  thread_local Scratch memory;
  memory.clear();
  return memory;
}

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<const TokenizerParts> parts) : parts_(std::move(parts)) {}
Tokenizer::~Tokenizer() = default;

void Tokenizer::encode(std::string_view text, const TokenizeOptions& options, Encoding& encoding) const {
  Scratch& memory = scratch();
  append_text(*parts_, text, memory.first);
  trim_all(*parts_, memory.first.tokens, [&](const Token&) { return text; });
  assemble(*parts_, memory.first.tokens, nullptr, options, encoding);
}

Encoding Tokenizer::encode(std::string_view text, const TokenizeOptions& options) const {
  Encoding encoding;
  encode(text, options, encoding);
  return encoding;
}

void Tokenizer::encode_pair(std::string_view first, std::string_view second, const TokenizeOptions& options,
                            Encoding& encoding) const {
  Scratch& memory = scratch();
  append_text(*parts_, first, memory.first);
  append_text(*parts_, second, memory.second);
  trim_all(*parts_, memory.first.tokens, [&](const Token&) { return first; });
  trim_all(*parts_, memory.second.tokens, [&](const Token&) { return second; });
  assemble(*parts_, memory.first.tokens, &memory.second.tokens, options, encoding);
}

Encoding Tokenizer::encode_pair(std::string_view first, std::string_view second, const TokenizeOptions& options) const {
  Encoding encoding;
  encode_pair(first, second, options, encoding);
  return encoding;
}

Encoding Tokenizer::encode_words(std::span<const std::string> words, const TokenizeOptions& options) const {
  Scratch& memory = scratch();
  std::vector<Token>& tokens = memory.first.tokens;
  for (std::size_t w = 0; w < words.size(); ++w) {
    const std::size_t before = tokens.size();
    with_context("word " + std::to_string(w), [&] { append_text(*parts_, words[w], memory.first); });
    for (std::size_t i = before; i < tokens.size(); ++i) tokens[i].word = static_cast<std::int32_t>(w);
  }
  trim_all(*parts_, tokens,
           [&](const Token& t) -> std::string_view { return words[static_cast<std::size_t>(t.word)]; });
  Encoding encoding;
  assemble(*parts_, tokens, nullptr, options, encoding);
  return encoding;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids) {
    const std::string* name = parts_->vocabulary.token(id);
    if (name == nullptr) continue;
    const auto added = parts_->added_by_id.find(id);
    if (skip_special_tokens && added != parts_->added_by_id.end() && parts_->added[added->second].special) continue;
    const auto normalized = parts_->normalized_names.find(id);
    tokens.push_back(normalized == parts_->normalized_names.end() ? *name : normalized->second);
  }
  for (const auto& decoder : parts_->decoders) decoder->apply(tokens);
  std::string result;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0 && parts_->decoders.empty()) result += ' ';
    result += tokens[i];
  }
  return result;
}

std::string Tokenizer::token(std::int32_t id) const {
  const std::string* name = parts_->vocabulary.token(id);
  if (name == nullptr) throw DataError("the vocabulary has no id " + std::to_string(id));
  return *name;
}

std::int32_t Tokenizer::id(std::string_view token) const { return parts_->vocabulary.find(token); }
std::size_t Tokenizer::vocab_size() const { return parts_->vocabulary.size(); }
std::size_t Tokenizer::id_limit() const { return parts_->vocabulary.id_limit(); }
const SpecialTokenIds& Tokenizer::special_ids() const { return parts_->special; }
std::size_t Tokenizer::special_token_count(bool pair) const {
  return count_special(pair ? parts_->post.pair : parts_->post.single);
}

}  // namespace infomtl
