#include "infomtl/data/dataset.h"

#include <numeric>

#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"

namespace infomtl {
namespace {

template <class Number>
std::string digest_of(const std::vector<Number>& numbers) {
  return sha256_of_text({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)});
}

}  // namespace

std::string_view split_name(Split split) {
  constexpr std::array<std::string_view, 3> kNames = {"train", "validation", "test"};
  return kNames[static_cast<std::size_t>(split)];
}

Split split_named(std::string_view name) {
  for (const Split split : kSplits) {
    if (split_name(split) == name) return split;
  }
  throw ConfigError("unknown split \"" + std::string(name) + "\"" +
                    did_you_mean(name, {"train", "validation", "test"}));
}

void StringTable::append(std::string_view text) {
  bytes_.append(text);
  ends_.push_back(bytes_.size());
}

std::string_view StringTable::operator[](std::size_t index) const {
  const std::uint64_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::string_view(bytes_).substr(begin, ends_[index] - begin);
}

std::string StringTable::digest() const { return sha256_of_text(sha256_of_text(bytes_) + digest_of(ends_)); }

void Texts::append(std::string_view text, const std::string_view* pair, const std::vector<WordRange>& words_of_text) {
  first.append(text);
  second.append(pair == nullptr ? std::string_view() : *pair);
  paired.push_back(pair != nullptr);
  words.insert(words.end(), words_of_text.begin(), words_of_text.end());
  word_offsets.push_back(static_cast<std::int64_t>(words.size()));
}

std::string fingerprint(const SplitData& data) {
  const Texts& texts = data.texts;
  std::string parts =
      texts.first.digest() + texts.second.digest() + digest_of(texts.words) + digest_of(texts.word_offsets);
  for (const TaskRows& rows : data.tasks) {
    parts +=
        digest_of(rows.sequences) + digest_of(rows.classes) + digest_of(rows.values) + digest_of(rows.label_offsets);
  }
  return sha256_of_text(parts);
}

std::vector<std::vector<std::size_t>> groups_sharing_texts(const SplitData& data) {
  std::vector<std::size_t> parent(data.tasks.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t t) {
    while (parent[t] != t) t = parent[t];
    return t;
  };
  std::vector<std::size_t> owner(data.texts.size(), data.tasks.size());
  for (std::size_t t = 0; t < data.tasks.size(); ++t) {
    for (const std::int32_t sequence : data.tasks[t].sequences) {
      std::size_t& first = owner[static_cast<std::size_t>(sequence)];
      if (first == data.tasks.size()) {
        first = t;
      } else {
        const std::size_t a = root(first);
        const std::size_t b = root(t);
        parent[std::max(a, b)] = std::min(a, b);
      }
    }
  }
  std::vector<std::vector<std::size_t>> groups;
  std::vector<std::size_t> place(data.tasks.size(), data.tasks.size());
  for (std::size_t t = 0; t < data.tasks.size(); ++t) {
    if (data.tasks[t].size() == 0) continue;
    const std::size_t top = root(t);
    if (place[top] == data.tasks.size()) {
      place[top] = groups.size();
      groups.emplace_back();
    }
    groups[place[top]].push_back(t);
  }
  return groups;
}

}  // namespace infomtl
