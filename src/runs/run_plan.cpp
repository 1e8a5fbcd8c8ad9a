#include "infomtl/runs/run_plan.h"

namespace infomtl {

RunPlan RunPlan::of(const Config& config) {
  const Config training = config.object_or_empty("training");
  const std::string regime = training.choice("regime", "alternating", {"alternating", "joint", "single"});
  const bool single = regime == "single";
  const bool unknown =
      config.problems() != nullptr && training.has("regime") && training.json().at("regime") != Json(regime);
  // What was told once is not read again.
  if (single || unknown) return {single, config.overridden({"training.regime=alternating"})};
  return {false, config};
}

}  // namespace infomtl
