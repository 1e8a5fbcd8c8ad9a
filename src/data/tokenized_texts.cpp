#include "infomtl/data/tokenized_texts.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

constexpr std::size_t kBlock = 1024;  // texts per block: the step in which finished work is published

/// The tokens of up to kBlock texts, flat.
struct Block {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> type_ids;
  std::vector<std::uint32_t> offsets = {0};
  std::vector<std::int32_t> word_tokens;
  std::vector<std::uint32_t> word_offsets = {0};
  std::vector<bool> truncated;
  std::atomic<bool> ready = false;

  void append(const SequenceTokens& tokens) {
    ids.insert(ids.end(), tokens.ids.begin(), tokens.ids.end());
    type_ids.insert(type_ids.end(), tokens.type_ids.begin(), tokens.type_ids.end());
    offsets.push_back(static_cast<std::uint32_t>(ids.size()));
    word_tokens.insert(word_tokens.end(), tokens.word_tokens.begin(), tokens.word_tokens.end());
    word_offsets.push_back(static_cast<std::uint32_t>(word_tokens.size()));
    truncated.push_back(tokens.truncated);
  }
  SequenceTokens sequence(std::size_t i) const {
    return {{ids.begin() + offsets[i], ids.begin() + offsets[i + 1]},
            {type_ids.begin() + offsets[i], type_ids.begin() + offsets[i + 1]},
            {word_tokens.begin() + word_offsets[i], word_tokens.begin() + word_offsets[i + 1]},
            truncated[i]};
  }
  void shrink() {
    ids.shrink_to_fit();
    type_ids.shrink_to_fit();
    word_tokens.shrink_to_fit();
  }
};

}  // namespace

SequenceTokens tokenize_sequence(const Tokenizer& tokenizer, std::string_view text, const std::string_view* pair,
                                 const std::vector<WordRange>& words, std::size_t max_length) {
  const TokenizeOptions options = {.max_length = max_length};
  Encoding encoding = pair == nullptr ? tokenizer.encode(text, options) : tokenizer.encode_pair(text, *pair, options);
  SequenceTokens tokens;
  tokens.type_ids.assign(encoding.type_ids.begin(), encoding.type_ids.end());
  tokens.truncated = encoding.truncated;
  tokens.word_tokens.reserve(words.size());
  // Words that begin where the tokens of a cut text have ended were never read.
  std::uint32_t read = 0;
  for (std::size_t i = 0; i < encoding.size(); ++i) {
    if (encoding.words[i] >= 0) read = std::max(read, encoding.offsets[i].second);
  }
  std::size_t token = 0;
  for (const WordRange& word : words) {
    const auto begin = static_cast<std::uint32_t>(word.begin);
    const auto end = static_cast<std::uint32_t>(word.end);
    while (token < encoding.size() && encoding.offsets[token].second <= begin) ++token;
    const bool overlaps = token < encoding.size() && encoding.offsets[token].first < end;
    const std::int32_t absent = encoding.truncated && begin >= read ? kWordNotRead : kWordWithoutToken;
    tokens.word_tokens.push_back(overlaps ? static_cast<std::int32_t>(token) : absent);
  }
  tokens.ids = std::move(encoding.ids);
  return tokens;
}

struct TokenizedTexts::State {
  const Texts& texts;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::size_t max_length;
  std::vector<Block> blocks;
  std::atomic<bool> stop = false;
  std::atomic<bool> finished = false;
  std::exception_ptr failure;  // written before `finished` is set
  std::thread thread;

  State(const Texts& all, std::shared_ptr<const Tokenizer> with, std::size_t longest)
      : texts(all), tokenizer(std::move(with)), max_length(longest), blocks((all.size() + kBlock - 1) / kBlock) {}

  SequenceTokens tokenize(std::size_t index) const {
    const std::string_view pair = texts.second[index];
    const std::vector<WordRange> words(texts.words.begin() + texts.word_offsets[index],
                                       texts.words.begin() + texts.word_offsets[index + 1]);
    return with_context("text " + std::to_string(index + 1), [&] {
      return tokenize_sequence(*tokenizer, texts.first[index], texts.paired[index] ? &pair : nullptr, words,
                               max_length);
    });
  }

  void run() {
    try {
      for (std::size_t b = 0; b < blocks.size() && !stop; ++b) {
        const std::size_t end = std::min(texts.size(), (b + 1) * kBlock);
        for (std::size_t i = b * kBlock; i < end && !stop; ++i) blocks[b].append(tokenize(i));
        if (stop) return;
        blocks[b].shrink();
        blocks[b].ready.store(true, std::memory_order_release);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    finished.store(true, std::memory_order_release);
    finished.notify_all();
  }
};

TokenizedTexts::TokenizedTexts(const Texts& texts, std::shared_ptr<const Tokenizer> tokenizer, std::size_t max_length)
    : state_(std::make_unique<State>(texts, std::move(tokenizer), max_length)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

TokenizedTexts::~TokenizedTexts() {
  state_->stop = true;
  state_->thread.join();
}

std::size_t TokenizedTexts::size() const { return state_->texts.size(); }

SequenceTokens TokenizedTexts::sequence(std::size_t index) const {
  const Block& block = state_->blocks.at(index / kBlock);
  if (block.ready.load(std::memory_order_acquire)) return block.sequence(index % kBlock);
  return state_->tokenize(index);
}

std::int32_t TokenizedTexts::length(std::size_t index) const {
  const Block& block = state_->blocks.at(index / kBlock);
  if (block.ready.load(std::memory_order_acquire)) {
    return static_cast<std::int32_t>(block.offsets[index % kBlock + 1] - block.offsets[index % kBlock]);
  }
  return static_cast<std::int32_t>(state_->tokenize(index).ids.size());
}

void TokenizedTexts::wait() const {
  state_->finished.wait(false, std::memory_order_acquire);
  if (state_->failure) std::rethrow_exception(state_->failure);
}

}  // namespace infomtl
