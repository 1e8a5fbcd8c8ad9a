#pragma once
// Influence checks: how near the first order comes to what training without the rows does.
//
//   LeaveOneOutCheck check = leave_one_out(tasks, settings, influence_of(tasks, settings), 100);
//
// Counterfactual heads are trained from where the full ones stand, to a gradient a hundred times shorter: exact where the loss
// is convex, the minimum next by for an adapter.

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/analysis/influence.h"
#include "infomtl/core/export.h"

namespace infomtl {

struct LeaveOneOutCheck {
  std::int64_t rows = 0;  ///< that were left out, one at a time, as many of each task
  torch::Tensor
      pearson;         ///< [T, T]: of predicted and retrained changes, source by target; NaN where one side is constant
  double within = 0;   ///< mean over the diagonal
  double between = 0;  ///< mean over the rest; NaN where all of it is
  std::int64_t short_of = 0;  ///< retrainings that did not reach their tolerance
};
/// Takes N rows out, one at a time (its term of the loss goes, the others keep their 1/n).
INFOMTL_API LeaveOneOutCheck leave_one_out(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                                           const InfluenceResult& result, std::int64_t rows,
                                           const InfluenceHooks& hooks = {});

/// Linear datamodelling score (Park et al. 2023): Spearman's correlation, over random halves of the training rows, of the sum
/// of a half's influences with the validation loss after training on it; per target task.
struct SubsetScore {
  std::string method;          ///< the backend, gradient_product or random
  std::vector<double> scores;  ///< per target
  double mean = 0;
  double seconds = 0;  ///< of the inverse products
};
/// The result's own backend, the product of gradients and random numbers on the same halves, each half of every task's rows.
/// @param hooks  "subsets" is kept after every training: validation losses [subsets so far, T], the same for every backend
INFOMTL_API std::vector<SubsetScore> subset_scores(const std::vector<InfluenceTask>& tasks,
                                                   const InfluenceSettings& settings, const InfluenceResult& result,
                                                   std::int64_t subsets, const InfluenceHooks& hooks = {});

struct MislabelScore {
  std::string task;
  std::int64_t flipped = 0;
  double auc = 0;  ///< of finding the flipped rows among all by their influence on their own task
};
/// Gives a share of the training rows of every classification task another class, all alike, trains and looks for them.
/// @throws UserError where no task has classes
INFOMTL_API std::vector<MislabelScore> mislabel_scores(const std::vector<InfluenceTask>& tasks,
                                                       const InfluenceSettings& settings, double share,
                                                       const InfluenceHooks& hooks = {});

}  // namespace infomtl
