#pragma once
// Budgets: what each row of a comparison was given to train on. Rows that got more than others win for that alone.

#include <limits>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/runs/results.h"
#include "infomtl/study/comparison.h"
#include "study/cells.h"

namespace infomtl {

/// Means over the runs of a method, of what their results say under "training".
Budget budget_of(const std::vector<Results>& runs);

/// Optimiser steps and training examples that a row is to get, early stopping aside; NaN where that is not known.
struct PlannedBudget {
  std::string row;  ///< the method's key
  double steps = std::numeric_limits<double>::quiet_NaN();
  double examples = std::numeric_limits<double>::quiet_NaN();
};

/// Before training: the steps of the run, and the examples of whole passes over its data.
PlannedBudget planned_budget(const std::string& row, Run& run, const Cell& cell);
/// The same from what decides it. @param single  one model per task
PlannedBudget planned_budget(const std::string& row, const TrainerSettings& settings, bool single,
                             const Dataset& dataset);
/// After training; a run that stopped early counts as if it had gone on.
PlannedBudget planned_budget(const std::string& row, const Budget& spent);

/// @param where  the comparison config's name @param table  what the rows are of: "" or "data.train_fraction=0.2"
/// @throws UserError naming the methods and their numbers, when steps or examples differ by more than two per cent
void refuse_unequal_budgets(const std::vector<PlannedBudget>& rows, const std::string& where, const std::string& table);

}  // namespace infomtl
