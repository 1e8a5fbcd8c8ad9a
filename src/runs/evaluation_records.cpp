#include "runs/evaluation_records.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/train/evaluation.h"
#include "infomtl/train/view_information.h"

namespace infomtl {

Json evaluation_record(std::int64_t step, std::int64_t epoch, std::optional<double> passes, const std::string& split,
                       const Evaluation& scores, const std::vector<Task>& tasks, bool best) {
  Json record = {{"kind", passes ? "evaluation" : "epoch"}, {"step", step}, {"epoch", epoch + 1}, {"best", best}};
  if (passes) record["passes"] = *passes;
  for (std::size_t t = 0; t < scores.scores.size(); ++t) {
    record[split + "/" + tasks[t].name] = scores.scores[t];
    record[split + "_loss/" + tasks[t].name] = scores.losses[t];
  }
  if (!scores.scores.empty()) record[split + "/average"] = scores.average();
  return record;
}

void add_information(Json& record, const Trainer& trainer, std::uint64_t seed, const std::string& split) {
  const std::vector<Task>& tasks = trainer.model().tasks();
  const auto found = view_information(trainer.model(), trainer.evaluation_batches(split_named(split)),
                                      {.seed = seed, .step = std::max<std::int64_t>(0, trainer.steps_done() - 1)});
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (std::isnan(found[t].representation)) continue;
    record["information/representation/" + tasks[t].name] = found[t].representation;
    record["information/output/" + tasks[t].name] = found[t].output;
  }
}

std::vector<std::pair<std::string, double>> scalars_of(const Json& record) {
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [key, value] : record.items()) {
    if (key == "step" || key == "epoch" || key == "passes" || key == "total_steps" || !value.is_number()) continue;
    if (key.starts_with("loss/") && key.ends_with("/count")) continue;
    scalars.emplace_back(key, value.get<double>());
  }
  return scalars;
}

}  // namespace infomtl
