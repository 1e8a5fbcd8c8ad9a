#include "infomtl/study/successive_halving.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

using Trials = std::vector<std::size_t>;

bool failed(const RungScores& scores, std::size_t trial) {
  return !scores[trial].empty() && std::isnan(scores[trial].back());
}

/// Those that have a score at the rung, best first; failed ones are left out.
Trials ranked(const RungScores& scores, const Trials& among, std::size_t rung) {
  Trials order;
  for (const std::size_t trial : among) {
    if (scores[trial].size() > rung && !std::isnan(scores[trial][rung])) order.push_back(trial);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a][rung] > scores[b][rung]; });
  return order;
}

/// How many of the best go on, out of `trials` of which `order` did not fail.
std::size_t kept(const HalvingRules& rules, const RungScores& scores, std::size_t rung, std::size_t trials,
                 const Trials& order) {
  if (order.empty()) return 0;
  if (!rules.median_stop) {
    return std::clamp<std::size_t>(trials / static_cast<std::size_t>(rules.eta), 1, order.size());
  }
  const std::size_t middle = order.size() / 2;  // the median lies between this one and the one before, or on it
  const auto at = [&](std::size_t i) { return scores[order[i]][rung]; };
  const double median = order.size() % 2 == 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return static_cast<std::size_t>(
      std::count_if(order.begin(), order.end(), [&](std::size_t trial) { return scores[trial][rung] >= median; }));
}

HalvingState synchronous(const HalvingRules& rules, const RungScores& scores) {
  HalvingState state;
  Trials alive(rules.trials);
  for (std::size_t i = 0; i < alive.size(); ++i) alive[i] = i;
  for (std::size_t rung = 0; rung < rules.epochs.size() && state.open.empty(); ++rung) {
    const std::size_t trials = alive.size();
    for (const std::size_t trial : alive) {
      if (scores[trial].size() <= rung) state.open.push_back(trial);
    }
    if (!state.open.empty() || rung + 1 == rules.epochs.size()) continue;
    alive = ranked(scores, alive, rung);
    alive.resize(kept(rules, scores, rung, trials, alive));
    std::sort(alive.begin(), alive.end());
  }
  for (std::size_t trial = 0; trial < rules.trials; ++trial) {
    const bool goes_on = std::find(alive.begin(), alive.end(), trial) != alive.end() && !failed(scores, trial) &&
                         scores[trial].size() < rules.epochs.size();
    if (!goes_on) state.ended.push_back(trial);
  }
  return state;
}

HalvingState asynchronous(const HalvingRules& rules, const RungScores& scores) {
  HalvingState state;
  Trials all(rules.trials);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto at_rung = [&](std::size_t rung) {  // failed ones included
    return std::count_if(all.begin(), all.end(), [&](std::size_t trial) { return scores[trial].size() > rung; });
  };
  std::optional<std::size_t> waiting;  // the best of the highest rung reached
  for (std::size_t rung = rules.epochs.size() - 1; rung-- > 0;) {
    const auto trials = static_cast<std::size_t>(at_rung(rung));
    const Trials order = ranked(scores, all, rung);
    const std::size_t share = static_cast<std::size_t>(rules.eta);
    const bool ready = rules.median_stop ? trials >= 2 : trials >= share;
    const std::size_t quota = ready ? kept(rules, scores, rung, trials, order) : 0;
    for (std::size_t i = 0; i < quota; ++i) {
      if (scores[order[i]].size() == rung + 1) state.open.push_back(order[i]);
    }
    if (!waiting && at_rung(rung + 1) == 0 && !order.empty()) waiting = order.front();
  }
  for (const std::size_t trial : all) {
    if (scores[trial].empty()) state.open.push_back(trial);
  }
  // A rung that can't grow any more and is smaller than eta still sends its best one on.
  if (state.open.empty() && waiting) state.open.push_back(*waiting);
  for (const std::size_t trial : all) {
    if (state.open.empty() || failed(scores, trial) || scores[trial].size() == rules.epochs.size()) {
      state.ended.push_back(trial);
    }
  }
  return state;
}

}  // namespace

std::vector<std::int64_t> rung_epochs(std::int64_t smallest, std::int64_t full, std::int64_t eta) {
  if (smallest < 1 || smallest > full || eta < 2) {
    throw StateError("rungs from " + std::to_string(smallest) + " to " + std::to_string(full) + " epochs by " +
                     std::to_string(eta) + ": needs 1 <= smallest <= full and eta >= 2");
  }
  std::vector<std::int64_t> epochs;
  for (std::int64_t at = smallest; at < full; at *= eta) {
    epochs.push_back(at);
    if (at > full / eta) break;  // the next would not be below `full`, and may not be a number
  }
  epochs.push_back(full);
  return epochs;
}

HalvingState halving_state(const HalvingRules& rules, const RungScores& scores) {
  if (scores.size() != rules.trials) {
    throw StateError("scores of " + std::to_string(scores.size()) + " trials, not " + std::to_string(rules.trials));
  }
  for (const std::vector<double>& of_trial : scores) {
    if (of_trial.size() > rules.epochs.size()) throw StateError("a trial has more scores than there are rungs");
  }
  if (rules.epochs.empty()) return {};
  return rules.asynchronous ? asynchronous(rules, scores) : synchronous(rules, scores);
}

std::optional<std::size_t> best_trial(const RungScores& scores) {
  std::optional<std::size_t> best;
  std::size_t rung = 0;
  for (std::size_t trial = 0; trial < scores.size(); ++trial) {
    if (failed(scores, trial)) continue;
    for (std::size_t at = 0; at < scores[trial].size(); ++at) {
      if (!best || at > rung || (at == rung && scores[trial][at] > scores[*best][rung])) {
        best = trial;
        rung = at;
      }
    }
  }
  return best;
}

}  // namespace infomtl
