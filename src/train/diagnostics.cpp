#include "train/diagnostics.h"

#include "infomtl/losses/loss_term.h"

namespace infomtl {

std::map<std::string, double> diagnostics_of(const Objective& objective, const GradientWeighting& weighting,
                                             const GradientWeighting::Diagnostics& conflicts) {
  std::map<std::string, double> found;
  for (const auto& child : objective.named_children()) {
    const auto* term = dynamic_cast<const LossTerm*>(child.value().get());
    if (term == nullptr) continue;
    for (const auto& [name, value] : term->diagnostics()) found[child.key() + "/" + name] = value;
  }
  bool told = false;
  for (const auto& [name, value] : weighting.diagnostics()) {
    found["weighting/" + name] = value;
    told = told || name.find("cosine/") != std::string::npos;
  }
  for (const auto& [name, value] : conflicts) {
    if (!told) found["weighting/" + name] = value;
  }
  return found;
}

}  // namespace infomtl
