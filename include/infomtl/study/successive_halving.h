#pragma once
// Successive halving: many trials train a little, the better ones go on, few train to the end. Pure functions of the
// scores so far, so that a search that was killed and goes on, or that several processes share, decides the same.
//
//   HalvingRules rules{.trials = 27, .epochs = rung_epochs(1, 27, 3), .eta = 3};       // rungs at 1, 3, 9, 27 epochs
//   while (true) {
//     const HalvingState state = halving_state(rules, scores);
//     if (state.open.empty()) break;
//     scores[state.open.front()].push_back(train_to_the_next_rung(state.open.front()));
//   }
//
// Synchronous: Jamieson and Talwalkar (2016, arXiv 1502.07943), with floor(n / eta) of a rung's n trials going on.
// Asynchronous: ASHA (Li et al. 2020, arXiv 1810.05934, algorithm 2).

#include <cstdint>
#include <optional>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// Of each trial, rung after rung as far as it has come: its score, the higher the better; NaN where it failed, after which
/// it has no further ones.
using RungScores = std::vector<std::vector<double>>;

struct HalvingRules {
  std::size_t trials = 0;
  std::vector<std::int64_t> epochs;  ///< that a trial has trained from its start at each rung, rising
  std::int64_t eta = 3;              ///< one in eta goes on, at least one of a rung
  bool asynchronous = false;         ///< a trial goes on as soon as it is among the best of those that are there
  bool median_stop = false;          ///< instead of one in eta, all whose score is not below the rung's median
};

/// smallest, smallest x eta, smallest x eta^2, ... below `full`, then `full`. @throws StateError unless
/// 1 <= smallest <= full, eta >= 2
INFOMTL_API std::vector<std::int64_t> rung_epochs(std::int64_t smallest, std::int64_t full, std::int64_t eta);

struct HalvingState {
  std::vector<std::size_t> open;   ///< trials that may train to their next rung now, most urgent first
  std::vector<std::size_t> ended;  ///< trials that will never go on
};

/// @param scores  one entry per trial @throws StateError for another number of trials, or more scores than rungs
INFOMTL_API HalvingState halving_state(const HalvingRules& rules, const RungScores& scores);

/// Of the trials that did not fail, the best score at the highest rung that one of them has reached; of equal ones the
/// first. None before the first score.
INFOMTL_API std::optional<std::size_t> best_trial(const RungScores& scores);

}  // namespace infomtl
