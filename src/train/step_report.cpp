#include "infomtl/train/step_report.h"

#include "infomtl/core/config.h"

namespace infomtl {

Json StepReport::to_json(bool timings) const {
  Json record = {{"kind", "step"},
                 {"step", step},
                 {"epoch", epoch + 1},
                 {"total_steps", total_steps},
                 {"learning_rate", learning_rate}};
  for (const auto& [task, terms] : losses) {
    for (const auto& [term, part] : terms) {
      const std::string prefix = "loss/" + task + "/" + term + "/";
      record[prefix + "raw"] = part.raw;
      record[prefix + "weighted"] = part.weighted;
      record[prefix + "count"] = part.count;
    }
  }
  record["gradient_norm"] = gradient_norm;
  record["clipped_share"] = clipped_share;
  for (const auto& [task, weight] : weights) record["weights/" + task] = weight;
  for (const auto& [name, value] : diagnostics) record["diagnostics/" + name] = value;
  if (skipped_steps > 0) record["skipped_steps"] = skipped_steps;
  if (timings) {
    record["tokens_per_second"] = tokens_per_second;
    record["examples_per_second"] = examples_per_second;
  }
  return record;
}

}  // namespace infomtl
