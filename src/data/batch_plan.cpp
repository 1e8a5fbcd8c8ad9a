#include "data/batch_plan.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl::data {

std::vector<TextPool> text_pools(const SplitData& train, const std::vector<Task>& tasks,
                                 const BatchingSettings& settings) {
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (train.tasks[t].size() == 0) throw ConfigError("task '" + tasks[t].name + "' has no training rows");
  }
  std::vector<TextPool> pools;
  if (settings.regime == Regime::joint) {
    for (const auto& group : groups_sharing_texts(train)) {
      TextPool pool{.tasks = group, .sequences = {}, .name = tasks[group.front()].name};
      for (const std::size_t t : group) {
        pool.sequences.insert(pool.sequences.end(), train.tasks[t].sequences.begin(), train.tasks[t].sequences.end());
      }
      std::sort(pool.sequences.begin(), pool.sequences.end());
      pool.sequences.erase(std::unique(pool.sequences.begin(), pool.sequences.end()), pool.sequences.end());
      pools.push_back(std::move(pool));
    }
  } else {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      pools.push_back({.tasks = {t}, .sequences = train.tasks[t].sequences, .name = tasks[t].name});
    }
  }
  const auto count = std::ssize(pools);
  const bool total = settings.regime == Regime::joint && settings.joint_batch_size == "total";
  if (total && settings.batch_size < count) {
    throw ConfigError("batch_size " + std::to_string(settings.batch_size) +
                      " in total is less than one row for each of " + std::to_string(count) + " tasks");
  }
  for (std::ptrdiff_t u = 0; u < count; ++u) {
    pools[static_cast<std::size_t>(u)].batch_size =
        total ? settings.batch_size / count + (u < settings.batch_size % count ? 1 : 0) : settings.batch_size;
  }
  return pools;
}

std::int64_t steps_per_epoch(const std::vector<TextPool>& pools, const BatchingSettings& settings) {
  std::int64_t longest = 0, together = 0, rows_per_step = 0;
  for (const TextPool& pool : pools) {
    longest = std::max(longest, pool.batches());
    // Batches of batch_size rows, the last one short, as the alternating regime has them.
    together += (std::ssize(pool.sequences) + settings.batch_size - 1) / settings.batch_size;
    rows_per_step += pool.batch_size;
  }
  if (settings.regime != Regime::joint) return together;
  if (settings.joint_epoch == "longest") return longest;
  return std::max<std::int64_t>(1, together * settings.batch_size / rows_per_step);
}

BatchPlan::BatchPlan(std::vector<TextPool> pools, const BatchingSettings& settings,
                     std::shared_ptr<const Sampler> sampler, std::uint64_t run_seed, std::int64_t epochs, Length length)
    : pools_(std::move(pools)),
      settings_(settings),
      sampler_(std::move(sampler)),
      run_seed_(run_seed),
      epochs_(epochs),
      length_(std::move(length)),
      joint_(settings.regime == Regime::joint),
      steps_(data::steps_per_epoch(pools_, settings)),
      batches_before_(pools_.size(), 0),
      passes_(pools_.size()) {}

std::vector<std::int32_t> BatchPlan::sampled_tasks(std::int64_t epoch) const {
  SamplerContext input{.rows = {}, .batches = {}, .run_seed = run_seed_, .epoch = epoch, .epochs = epochs_};
  for (const TextPool& pool : pools_) {
    input.rows.push_back(std::ssize(pool.sequences));
    input.batches.push_back(pool.batches());
  }
  auto tasks = sampler_->epoch(input);
  const bool known =
      std::all_of(tasks.begin(), tasks.end(), [&](std::int32_t t) { return t >= 0 && t < std::ssize(pools_); });
  if (!known || std::ssize(tasks) != steps_) {
    throw StateError("the sampler planned " + std::to_string(tasks.size()) +
                     " steps, or an unknown task, for an epoch of " + std::to_string(steps_));
  }
  return tasks;
}

void BatchPlan::open_epoch(std::int64_t epoch) {
  if (epoch == epoch_) return;
  if (epoch < epoch_ || epoch_ < 0) {
    epoch_ = 0;
    std::fill(batches_before_.begin(), batches_before_.end(), 0);
  }
  for (; epoch_ < epoch; ++epoch_) {
    for (const std::int32_t pool : sampled_tasks(epoch_)) ++batches_before_[static_cast<std::size_t>(pool)];
  }
  std::vector<std::int64_t> next = batches_before_;
  epoch_plan_.clear();
  for (const std::int32_t task : sampled_tasks(epoch)) {
    const auto pool = static_cast<std::size_t>(task);
    epoch_plan_.push_back({pool, next[pool]++});
  }
}

std::vector<BatchPlan::Drawn> BatchPlan::drawn(std::int64_t step) {
  if (!joint_) {
    open_epoch(step / steps_);
    return {epoch_plan_[static_cast<std::size_t>(step % steps_)]};
  }
  std::vector<Drawn> all;
  for (std::size_t u = 0; u < pools_.size(); ++u) all.push_back({u, step});
  return all;
}

const std::vector<std::int32_t>& BatchPlan::pass_order(std::size_t u, std::int64_t number) {
  Pass& pass = passes_[u];
  if (pass.number == number) return pass.sequences;
  const TextPool& pool = pools_[u];
  const auto number_u = static_cast<std::uint64_t>(number);
  pass.sequences.clear();
  for (const std::size_t row :
       RandomStream(derive_seed(run_seed_, "order/" + pool.name, number_u)).permutation(pool.sequences.size())) {
    pass.sequences.push_back(pool.sequences[row]);
  }
  pass.number = number;
  if (settings_.length_window == 0) return pass.sequences;

  std::vector<std::pair<std::int32_t, std::int32_t>> rows;  // length, sequence
  rows.reserve(pass.sequences.size());
  for (const std::int32_t sequence : pass.sequences) rows.emplace_back(length_(sequence), sequence);
  const auto window = static_cast<std::ptrdiff_t>(std::min(settings_.length_window, pool.batches()) * pool.batch_size);
  for (std::ptrdiff_t begin = 0; begin < std::ssize(rows); begin += window) {
    std::stable_sort(rows.begin() + begin, rows.begin() + std::min(begin + window, std::ssize(rows)),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  // Full batches change places; the short one, if any, stays last, where the cut of the pass expects it.
  const auto full = static_cast<std::size_t>(std::ssize(rows) / pool.batch_size);
  const auto order = RandomStream(derive_seed(run_seed_, "batches/" + pool.name, number_u)).permutation(full);
  pass.sequences.clear();
  const auto size = static_cast<std::size_t>(pool.batch_size);
  for (const std::size_t b : order) {
    for (std::size_t i = b * size; i < (b + 1) * size; ++i) pass.sequences.push_back(rows[i].second);
  }
  for (std::size_t i = full * size; i < rows.size(); ++i) pass.sequences.push_back(rows[i].second);
  return pass.sequences;
}

TextSelection BatchPlan::batch(std::size_t u, std::int64_t number) {
  const TextPool& pool = pools_[u];
  const auto& order = pass_order(u, number / pool.batches());
  const std::int64_t begin = number % pool.batches() * pool.batch_size;
  const std::int64_t end = std::min(begin + pool.batch_size, std::ssize(order));
  return {pool.tasks, {order.begin() + begin, order.begin() + end}, number};
}

std::vector<TextSelection> BatchPlan::step(std::int64_t step) {
  std::vector<TextSelection> selections;
  for (const Drawn& one : drawn(step)) selections.push_back(batch(one.pool, one.batch));
  return selections;
}

std::vector<TextSelection> BatchPlan::independent(std::int64_t step, std::uint64_t index) {
  std::vector<TextSelection> selections;
  for (const Drawn& one : drawn(step)) {
    const TextPool& pool = pools_[one.pool];
    RandomStream random(
        derive_seed(derive_seed(run_seed_, "extra/" + pool.name, index), "step", static_cast<std::uint64_t>(step)));
    // Floyd's sample of m out of n: one draw per row, whatever n is.
    const auto n = static_cast<std::uint64_t>(pool.sequences.size());
    const std::uint64_t m = std::min(n, static_cast<std::uint64_t>(pool.batch_size));
    std::unordered_set<std::uint64_t> taken;
    TextSelection selection{pool.tasks, {}, one.batch};
    for (std::uint64_t last = n - m; last < n; ++last) {
      std::uint64_t row = random.below(last + 1);
      if (!taken.insert(row).second) taken.insert(row = last);
      selection.sequences.push_back(pool.sequences[row]);
    }
    selections.push_back(std::move(selection));
  }
  return selections;
}

std::vector<std::vector<TextSelection>> micro_batches(const std::vector<TextSelection>& batch, std::int64_t count) {
  std::vector<std::vector<TextSelection>> result;
  for (std::int64_t m = 0; m < count; ++m) {
    std::vector<TextSelection> part;
    for (const TextSelection& selection : batch) {
      const auto rows = std::ssize(selection.sequences);
      const auto begin = selection.sequences.begin() + rows * m / count;
      const auto end = selection.sequences.begin() + rows * (m + 1) / count;
      if (begin != end) part.push_back({selection.tasks, {begin, end}, selection.batches_before});
    }
    if (!part.empty()) result.push_back(std::move(part));
  }
  return result;
}

}  // namespace infomtl::data
