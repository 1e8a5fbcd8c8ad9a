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
  std::string drawn;
  const auto add = [&](const std::string& what) { drawn += (drawn.empty() ? "" : " and ") + what; };
  const auto names = objective.drawing_per_batch();
  if (!names.empty()) add("what " + listed_names(names) + (names.size() == 1 ? " draws" : " draw"));
  bool gates = false;
  for (std::size_t t = 0; t < model.tasks().size(); ++t) gates = gates || model.head(t).draws_per_batch();
  if (gates) add("what heads draw");
  if (model.architecture().draws_per_batch()) add("what the architecture draws");
  if (drawn.empty()) return;
  log::warning(field + drawn + " for all rows of a batch is drawn anew for each micro-batch");
}

}  // namespace infomtl
