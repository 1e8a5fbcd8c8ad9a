#include "train/micro_batch_warnings.h"

#include <string>
#include <vector>

#include "infomtl/core/log.h"

namespace infomtl {
namespace {

std::string listed_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

}  // namespace

void warn_of_micro_batches(std::int64_t micro_batches, const Objective& objective, const MultiTaskModel& model) {
  if (micro_batches == 1) return;
  const std::string field = "training.accumulate " + std::to_string(micro_batches) + ": ";
  if (const auto names = objective.comparing_rows(); !names.empty()) {
    log::warning(field + listed_names(names) +
                 (names.size() == 1 ? " compares rows, and sees" : " compare rows, and see") +
                 " those of one micro-batch only: not the value of the whole batch");
  }
  bool gates = false;
  for (std::size_t t = 0; t < model.tasks().size(); ++t) gates = gates || model.head(t).draws_per_batch();
  const auto names = objective.drawing_per_batch();
  if (!gates && names.empty()) return;
  const std::string terms =
      names.empty() ? "" : "what " + listed_names(names) + (names.size() == 1 ? " draws" : " draw");
  log::warning(field + terms + (gates && !names.empty() ? " and " : "") + (gates ? "what heads draw" : "") +
               " for all rows of a batch (Gumbel noise) is drawn anew for each micro-batch");
}

}  // namespace infomtl
