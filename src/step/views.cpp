#include "step/views.h"

#include <algorithm>
#include <map>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/host_values.h"

namespace infomtl {
namespace {

using ops::host_values;

Tensor on_host(const std::vector<std::int64_t>& values) { return torch::tensor(values, torch::kInt64); }
Tensor on_device(const std::vector<std::int64_t>& values, torch::Device device) {
  return ops::copied_to(on_host(values), device);
}

/// Where each (sequence, view) lies in the new layout; filled task by task, view by view.
class Layout {
 public:
  explicit Layout(std::vector<std::int64_t> offsets) : offsets_(std::move(offsets)), begins_({0}) {
    places_.resize(offsets_.size() - 1);
  }

  std::int64_t place(std::int64_t sequence, std::size_t view) {
    auto& places = places_[static_cast<std::size_t>(sequence)];
    if (places.size() <= view) places.resize(view + 1, -1);
    if (places[view] < 0) {
      places[view] = sequences();
      sources_.push_back(sequence);
      const auto s = static_cast<std::size_t>(sequence);
      begins_.push_back(begins_.back() + offsets_[s + 1] - offsets_[s]);
    }
    return places[view];
  }
  /// From here on sequences are laid out anew.
  void forget_places() {
    for (auto& places : places_) places.clear();
  }
  /// The packed token of the new layout that stands for `token` of `sequence` in view 0.
  std::int64_t moved_token(std::int64_t sequence, std::int64_t token) const {
    const auto s = static_cast<std::size_t>(sequence);
    return token - offsets_[s] + begins_[static_cast<std::size_t>(places_[s][0])];
  }
  std::int64_t sequences() const { return std::ssize(sources_); }
  std::int64_t tokens() const { return begins_.back(); }
  bool unchanged() const { return begins_ == offsets_ && std::is_sorted(sources_.begin(), sources_.end()); }
  /// Of the batch, one for each of the layout.
  const std::vector<std::int64_t>& sources() const { return sources_; }

 private:
  std::vector<std::int64_t> offsets_;
  std::vector<std::vector<std::int64_t>> places_;
  std::vector<std::int64_t> sources_, begins_;
};

}  // namespace

ViewedBatch with_views(const StepBatch& batch, const std::vector<int>& views, SharedSequences sharing) {
  if (views.size() != batch.tasks.size()) {
    throw ShapeError("with_views: " + std::to_string(views.size()) + " view counts for " +
                     std::to_string(batch.tasks.size()) + " tasks");
  }
  const torch::Device device = batch.tokens.ids.device();
  std::vector<std::vector<std::int64_t>> rows;
  std::vector<int> wanted(static_cast<std::size_t>(batch.tokens.sequences()), 0);
  bool shared = false;
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    if (views[k] < 1) throw ShapeError("with_views: a task needs at least one view");
    rows.push_back(host_values(batch.tasks[k].rows));
    for (const std::int64_t sequence : rows[k]) {
      int& most = wanted.at(static_cast<std::size_t>(sequence));
      shared = shared || (most > 0 && sharing == SharedSequences::once);
      most = std::max(most, views[k]);
    }
  }

  Layout layout(host_values(batch.tokens.offsets));
  ViewedBatch result;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const ops::GradientSegments::Range from{layout.tokens(), layout.sequences()};
    int most = views[k];
    if (sharing == SharedSequences::per_task) {
      layout.forget_places();
      for (const std::int64_t sequence : rows[k]) wanted[static_cast<std::size_t>(sequence)] = most;
    }
    for (const std::int64_t sequence : rows[k]) most = std::max(most, wanted[static_cast<std::size_t>(sequence)]);
    auto &task_rows = result.rows.emplace_back(), &host_rows = result.host_rows.emplace_back();
    for (int view = 0; view < most; ++view) {
      std::vector<std::int64_t> places;
      for (const std::int64_t sequence : rows[k]) {
        if (view < wanted[static_cast<std::size_t>(sequence)]) {
          places.push_back(layout.place(sequence, static_cast<std::size_t>(view)));
        }
      }
      if (view >= views[k]) continue;
      host_rows.push_back(on_host(places));
      task_rows.push_back(ops::copied_to(host_rows.back(), device));
    }
    if (!shared) {
      result.token_ranges.push_back({from.begin, layout.tokens()});
      result.sequence_ranges.push_back({from.end, layout.sequences()});
    }
    const TaskBatch& task = batch.tasks[k];
    auto& words = result.words.emplace_back();
    if (task.words.defined()) {
      std::vector<std::int64_t> positions = host_values(task.words);
      const std::vector<std::int64_t> offsets = host_values(task.word_offsets);
      for (std::size_t b = 0; b < rows[k].size(); ++b) {
        for (std::int64_t w = offsets[b]; w < offsets[b + 1]; ++w) {
          auto& position = positions[static_cast<std::size_t>(w)];
          position = layout.moved_token(rows[k][b], position);
        }
      }
      words = on_device(positions, device);
    }
  }

  if (layout.unchanged()) {
    result.tokens = batch.tokens;
    return result;
  }
  result.tokens = batch.tokens.select(layout.sources());
  return result;
}

void give_to_rows(ViewedBatch& viewed) {
  viewed.token_ranges.clear();
  viewed.sequence_ranges.clear();
  const std::vector<std::int64_t> begins = host_values(viewed.tokens.offsets);
  for (std::int64_t s = 0; s + 1 < std::ssize(begins); ++s) {
    const auto sequence = static_cast<std::size_t>(s);
    viewed.token_ranges.push_back({begins[sequence], begins[sequence + 1]});
    viewed.sequence_ranges.push_back({s, s + 1});
  }
}

void give_to_one(ViewedBatch& viewed, std::size_t place, std::size_t places) {
  const auto owned = [&](std::int64_t rows) {
    std::vector<ops::GradientSegments::Range> ranges(places, {rows, rows});
    for (std::size_t t = 0; t <= place; ++t) ranges[t] = {0, t == place ? rows : 0};
    return ranges;
  };
  viewed.token_ranges = owned(viewed.tokens.tokens());
  viewed.sequence_ranges = owned(viewed.tokens.sequences());
}

Tensor words_of_view(const ViewedBatch& viewed, const TaskBatch& task, std::size_t k, int view) {
  const Tensor& words = viewed.words[k];
  if (view == 0) return words;
  const Tensor begins = viewed.tokens.offsets.to(torch::kInt64);
  const auto begin_of = [&](int v) { return begins.index_select(0, viewed.host_rows[k][static_cast<std::size_t>(v)]); };
  const Tensor counts = task.word_offsets.diff();
  const Tensor shift = (begin_of(view) - begin_of(0)).repeat_interleave(counts);
  return words + ops::copied_to(shift, words.device());
}

TextWords words_of_texts(const ViewedBatch& viewed, std::size_t k, int view) {
  const std::vector<std::int64_t> rows = host_values(viewed.host_rows[k][static_cast<std::size_t>(view)]);
  TextWords found;
  std::vector<std::int64_t> tokens, ends = {0};
  if (viewed.tokens.word_offsets.defined()) {
    const std::vector<std::int64_t> begins = host_values(viewed.tokens.offsets),
                                    starts = host_values(viewed.tokens.word_starts),
                                    offsets = host_values(viewed.tokens.word_offsets);
    for (const std::int64_t row : rows) {
      const auto s = static_cast<std::size_t>(row);
      for (std::int64_t w = offsets[s]; w < offsets[s + 1]; ++w) {
        tokens.push_back(begins[s] + starts[static_cast<std::size_t>(w)]);
      }
      ends.push_back(std::ssize(tokens));
    }
  } else {
    ends.resize(rows.size() + 1, 0);
  }
  const torch::Device device = viewed.tokens.ids.device();
  return {.tokens = on_device(tokens, device), .offsets = on_device(ends, device)};
}

Tensor token_rows(const Tensor& offsets, const Tensor& sequences) {
  const std::vector<std::int64_t> begins = host_values(offsets);
  std::vector<std::int64_t> rows;
  for (const std::int64_t sequence : host_values(sequences)) {
    const auto s = static_cast<std::size_t>(sequence);
    for (std::int64_t row = begins.at(s); row < begins.at(s + 1); ++row) rows.push_back(row);
  }
  return on_host(rows);
}

StepBatch only_task(const StepBatch& batch, std::size_t k) {
  const TaskBatch& task = batch.tasks.at(k);
  const std::vector<std::int64_t> begins = host_values(batch.tokens.offsets);
  std::map<std::int64_t, std::int64_t> place;  // sequence -> its number in the result, in order of first use
  std::vector<std::int64_t> kept, rows;
  for (const std::int64_t sequence : host_values(task.rows)) {
    const auto [found, fresh] = place.try_emplace(sequence, static_cast<std::int64_t>(kept.size()));
    if (fresh) kept.push_back(sequence);
    rows.push_back(found->second);
  }
  StepBatch result;
  result.tokens = batch.tokens.select(kept);
  const std::vector<std::int64_t> offsets = host_values(result.tokens.offsets);
  TaskBatch reduced = task;
  reduced.rows = on_host(rows);
  if (task.words.defined()) {
    const std::vector<std::int64_t> words = host_values(task.words), word_offsets = host_values(task.word_offsets);
    const std::vector<std::int64_t> sequences = host_values(task.rows);
    std::vector<std::int64_t> moved;
    for (std::size_t row = 0; row < sequences.size(); ++row) {
      const std::int64_t from = begins[static_cast<std::size_t>(sequences[row])];
      const std::int64_t to = offsets[static_cast<std::size_t>(rows[row])];
      for (std::int64_t w = word_offsets[row]; w < word_offsets[row + 1]; ++w) {
        moved.push_back(words[static_cast<std::size_t>(w)] - from + to);
      }
    }
    reduced.words = on_host(moved);
  }
  result.tasks.push_back(std::move(reduced));
  return result;
}

StepBatch only_row(const StepBatch& batch, std::size_t k, std::int64_t row) {
  StepBatch one{batch.tokens, {batch.tasks.at(k)}};
  TaskBatch& task = one.tasks.front();
  task.rows = task.rows.narrow(0, row, 1);
  if (task.examples.defined()) task.examples = task.examples.narrow(0, row, 1);
  if (task.words.defined()) {
    const auto begin = task.word_offsets[row].item<std::int64_t>();
    const std::int64_t count = task.word_offsets[row + 1].item<std::int64_t>() - begin;
    task.words = task.words.narrow(0, begin, count);
    if (task.unread.defined()) task.unread = task.unread.narrow(0, begin, count);
    for (Tensor* labels : {&task.labels, &task.host_labels}) {
      if (labels->defined()) *labels = labels->narrow(0, begin, count);
    }
    task.word_offsets = task.word_offsets.narrow(0, row, 2) - begin;
  } else {
    for (Tensor* labels : {&task.labels, &task.host_labels}) {
      if (labels->defined()) *labels = labels->narrow(0, row, 1);
    }
  }
  return only_task(one, 0);
}

}  // namespace infomtl
