#include "data/subset.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "infomtl/core/random.h"

namespace infomtl::data {
namespace {

std::vector<WordRange> words_of(const Texts& texts, std::size_t row) {
  return {texts.words.begin() + texts.word_offsets[row], texts.words.begin() + texts.word_offsets[row + 1]};
}

void append_row(Texts& to, const Texts& from, std::size_t row) {
  const std::string_view pair = from.second[row];
  to.append(from.first[row], from.paired[row] ? &pair : nullptr, words_of(from, row));
}

Texts kept_texts(const Texts& texts, const std::vector<bool>& keep) {
  Texts result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (keep[i]) append_row(result, texts, i);
  }
  return result;
}

TaskRows kept_task_rows(const TaskRows& rows, const std::vector<bool>& keep,
                        const std::vector<std::int32_t>& new_sequence) {
  TaskRows result;
  const bool list = !rows.label_offsets.empty();
  if (list) result.label_offsets.push_back(0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!keep[i]) continue;
    result.sequences.push_back(new_sequence[static_cast<std::size_t>(rows.sequences[i])]);
    if (!rows.numbers.empty()) result.numbers.push_back(rows.numbers[i]);
    if (!rows.values.empty()) result.values.push_back(rows.values[i]);
    if (list) {
      result.classes.insert(result.classes.end(), rows.classes.begin() + rows.label_offsets[i],
                            rows.classes.begin() + rows.label_offsets[i + 1]);
      result.label_offsets.push_back(static_cast<std::int64_t>(result.classes.size()));
    } else if (!rows.classes.empty()) {
      result.classes.push_back(rows.classes[i]);
    }
  }
  return result;
}

/// The texts of one group in an order of which every prefix holds each stratum in its share, to within a row: the i-th
/// of the n_c shuffled texts of stratum c has the key (i + 1/2) / n_c.
std::vector<std::int32_t> stratified_order(const std::vector<std::int32_t>& sequences,
                                           const std::vector<std::int32_t>& strata, std::uint64_t seed) {
  const auto shuffled = RandomStream(seed).permutation(sequences.size());
  std::map<std::int32_t, std::size_t> sizes;
  for (const std::int32_t stratum : strata) ++sizes[stratum];
  std::map<std::int32_t, std::size_t> seen;
  std::vector<std::pair<double, std::size_t>> keys;
  keys.reserve(sequences.size());
  for (const std::size_t row : shuffled) {
    const std::int32_t stratum = strata[row];
    keys.emplace_back((static_cast<double>(seen[stratum]++) + 0.5) / static_cast<double>(sizes[stratum]), row);
  }
  std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::int32_t> order;
  order.reserve(keys.size());
  for (const auto& [key, row] : keys) order.push_back(sequences[row]);
  return order;
}

}  // namespace

void append_texts(Texts& to, const Texts& from) {
  for (std::size_t i = 0; i < from.size(); ++i) append_row(to, from, i);
}

void keep_labelled_rows(SplitData& data, const std::vector<std::vector<bool>>& keep) {
  std::vector<bool> labelled(data.texts.size(), false);
  bool all = true;
  for (std::size_t t = 0; t < data.tasks.size(); ++t) {
    const TaskRows& rows = data.tasks[t];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      all = all && keep[t][i];
      if (keep[t][i]) labelled[static_cast<std::size_t>(rows.sequences[i])] = true;
    }
  }
  std::vector<std::int32_t> new_sequence(labelled.size(), -1);
  std::int32_t next = 0;
  for (std::size_t i = 0; i < labelled.size(); ++i) {
    if (labelled[i]) new_sequence[i] = next++;
  }
  if (all && static_cast<std::size_t>(next) == labelled.size()) return;
  data.texts = kept_texts(data.texts, labelled);
  for (std::size_t t = 0; t < data.tasks.size(); ++t) {
    data.tasks[t] = kept_task_rows(data.tasks[t], keep[t], new_sequence);
  }
}

void keep_rows(SourceRows& rows, const std::vector<bool>& keep) {
  rows.texts = kept_texts(rows.texts, keep);
  std::vector<std::int32_t> lines;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (keep[i]) lines.push_back(rows.lines[i]);
  }
  rows.lines = std::move(lines);
  for (RawLabels& labels : rows.labels) {
    RawLabels kept;
    kept.file = labels.file;
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (!keep[i]) continue;
      std::vector<std::string_view> items;
      for (std::int64_t j = labels.offsets[i]; j < labels.offsets[i + 1]; ++j) {
        items.push_back(labels.items[static_cast<std::size_t>(j)]);
      }
      if (labels.refused[i]) {
        kept.append_refused(labels.lines[i]);
      } else if (labels.missing[i]) {
        kept.append_missing(labels.lines[i]);
      } else {
        kept.append(items, labels.lines[i]);
      }
    }
    labels = std::move(kept);
  }
}

void take_part(const Source& source, SourceRows& rows) {
  if (source.part_from == 0.0 && source.part_to == 1.0) return;
  const std::size_t n = rows.texts.size();
  auto order = RandomStream(derive_seed(static_cast<std::uint64_t>(source.part_seed), "part")).permutation(n);
  const auto cut = [&](double share) { return static_cast<std::size_t>(std::llround(share * static_cast<double>(n))); };
  std::vector<bool> keep(n, false);
  for (std::size_t i = cut(source.part_from); i < cut(source.part_to); ++i) keep[order[i]] = true;
  keep_rows(rows, keep);
}

void take_subset(SplitData& data, const std::vector<Task>& tasks, double fraction, std::int64_t most,
                 std::uint64_t run_seed, Split split) {
  std::vector<bool> keep(data.texts.size(), false);
  for (const auto& group : groups_sharing_texts(data)) {
    std::vector<std::int32_t> sequences;
    for (const std::size_t t : group) {
      sequences.insert(sequences.end(), data.tasks[t].sequences.begin(), data.tasks[t].sequences.end());
    }
    std::sort(sequences.begin(), sequences.end());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    const auto wanted =
        std::clamp<std::int64_t>(std::llround(fraction * static_cast<double>(sequences.size())), 1, most);
    if (wanted < static_cast<std::int64_t>(sequences.size())) {
      constexpr std::int32_t kNoClass = -1;
      std::vector<std::int32_t> strata(sequences.size(), kNoClass);
      for (const std::size_t t : group) {
        if (tasks[t].kind != TaskKind::classification) continue;
        const TaskRows& rows = data.tasks[t];
        std::size_t place = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
          while (sequences[place] != rows.sequences[i]) ++place;
          strata[place] = rows.classes[i];
        }
        break;
      }
      const std::string purpose = "subset/" + std::string(split_name(split)) + "/" + tasks[group.front()].name;
      sequences = stratified_order(sequences, strata, derive_seed(run_seed, purpose));
      sequences.resize(static_cast<std::size_t>(wanted));
    }
    for (const std::int32_t sequence : sequences) keep[static_cast<std::size_t>(sequence)] = true;
  }
  std::vector<std::vector<bool>> kept;
  for (const TaskRows& rows : data.tasks) {
    kept.emplace_back();
    for (const std::int32_t sequence : rows.sequences) kept.back().push_back(keep[static_cast<std::size_t>(sequence)]);
  }
  keep_labelled_rows(data, kept);
}

}  // namespace infomtl::data
