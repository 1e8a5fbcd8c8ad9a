#include "infomtl/optim/optimizer.h"

#include "infomtl/core/errors.h"

namespace infomtl {

void Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  std::vector<UpdateRange> ranges;
  const std::vector<FlatSlot>& slots = parameters_.slots();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const FlatSlot& slot = slots[i];
    if (!slot.trains) continue;
    ++updates_[i];
    const bool decays = slot.decays || settings_.decay_all;
    const UpdateRange next{.begin = slot.begin,
                           .end = slot.end,
                           .learning_rate = learning_rate * slot.rate_factor,
                           .weight_decay = decays ? slot.weight_decay.value_or(settings_.weight_decay) : 0.0,
                           .step = updates_[i]};
    const bool alike = !ranges.empty() && ranges.back().end == next.begin &&
                       ranges.back().learning_rate == next.learning_rate &&
                       ranges.back().weight_decay == next.weight_decay && ranges.back().step == next.step;
    if (alike) {
      ranges.back().end = next.end;
    } else {
      ranges.push_back(next);
    }
  }
  for (const UpdateRange& range : ranges) update(range);
}

std::map<std::string, std::int64_t> Optimizer::fewer_updates() const {
  std::map<std::string, std::int64_t> fewer;
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    if (updates_[i] != steps_) fewer.emplace(parameters_.slots()[i].name, updates_[i]);
  }
  return fewer;
}

void Optimizer::set_steps(std::int64_t steps, const std::map<std::string, std::int64_t>& fewer_updates) {
  std::vector<std::int64_t> updates(updates_.size(), steps);
  std::size_t found = 0;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto named = fewer_updates.find(parameters_.slots()[i].name);
    if (named == fewer_updates.end()) continue;
    updates[i] = named->second;
    ++found;
  }
  if (found != fewer_updates.size()) throw StateError("updates of a parameter that the optimiser does not have");
  steps_ = steps;
  updates_ = std::move(updates);
}

}  // namespace infomtl
