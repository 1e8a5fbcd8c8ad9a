#include "train/phase_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/optim/parameter_groups.h"

namespace infomtl {

PhaseLength length_of(const std::vector<TrainingPhase>& phases) {
  PhaseLength length;
  for (const TrainingPhase& phase : phases) {
    const int lengths = int(phase.epochs > 0) + int(phase.steps > 0) + int(phase.share > 0);
    if (lengths == 0) {
      throw ConfigError(phase.where + ": say how long it takes, in epochs, in steps or as a share of the run");
    }
    if (lengths > 1) throw ConfigError(phase.where + ": give one of epochs, steps and share, not several");
    length.epochs += phase.epochs;
    length.steps += phase.steps;
    length.share += phase.share;
    if (int(length.epochs > 0) + int(length.steps > 0) + int(length.share > 0) > 1) {
      throw ConfigError(phase.where +
                        ": phases of one run take epochs, or steps, or shares; not some the one, some the other");
    }
  }
  return length;
}

void check_phase_length(const std::vector<TrainingPhase>& phases, std::int64_t epochs, std::int64_t max_steps,
                        std::int64_t steps_per_epoch) {
  const PhaseLength length = length_of(phases);
  const auto fail = [&](const std::string& found, const std::string& cure) {
    throw ConfigError(phases.back().where + ": the phases up to here take " + found + "; " + cure);
  };
  if (length.epochs > 0 && length.epochs != epochs) {
    fail(std::to_string(length.epochs) + " epochs, but training has " + std::to_string(epochs),
         "make them equal, or leave training.epochs out");
  }
  if (length.steps > 0 && length.steps != max_steps) {
    fail(std::to_string(length.steps) + " steps, but training.max_steps is " + std::to_string(max_steps),
         "make them equal, or leave training.max_steps out");
  }
  if (length.share > 0 && std::abs(length.share - 1) > 1e-9) {
    std::ostringstream sum;
    sum << length.share;
    fail(sum.str() + " of the run", "make the shares sum to 1");
  }
  const std::int64_t most = epochs * steps_per_epoch;
  if (most > 0 && length.steps > most) {
    fail(std::to_string(length.steps) + " steps, but training.epochs has " + std::to_string(most) + " steps",
         "raise training.epochs");
  }
}

PhasePlan::PhasePlan(std::vector<TrainingPhase> phases, std::int64_t steps_per_epoch, std::int64_t steps,
                     const NamedParameters& parameters)
    : phases_(std::move(phases)) {
  length_of(phases_);
  std::int64_t end = 0;
  double share = 0;
  for (const TrainingPhase& phase : phases_) {
    const std::int64_t begin = end;
    share += phase.share;
    if (phase.share > 0) {
      end = std::llround(share * static_cast<double>(steps));
      if (end == begin && steps > 0) {
        throw ConfigError(phase.where + ": that share of the run's " + std::to_string(steps) + " steps is none");
      }
    } else {
      end += phase.epochs > 0 ? phase.epochs * steps_per_epoch : phase.steps;
    }
    ends_.push_back(end);
  }
  if (ends_.empty()) ends_.push_back(std::numeric_limits<std::int64_t>::max());
  for (const TrainingPhase& phase : phases_) {
    for (const std::string& selector : phase.freeze) {
      const bool any = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const NamedParameter& named) { return selects(selector, named.name); });
      if (!any) {
        throw ConfigError(phase.where + ": freeze: \"" + selector + "\" matches no parameter" +
                          nearest_selector(selector, parameters));
      }
    }
  }
  for (std::size_t phase = 0; phase < size(); ++phase) {
    const bool any = std::any_of(parameters.begin(), parameters.end(), [&](const NamedParameter& named) {
      return named.parameter.requires_grad() && !rests(phase, named.name);
    });
    if (any) continue;
    const bool by_groups = std::none_of(parameters.begin(), parameters.end(),
                                        [](const NamedParameter& named) { return named.parameter.requires_grad(); });
    throw ConfigError(by_groups ? std::string("optimizer.groups: no parameter trains; let a group train")
                                : where(phase) + ": no parameter trains; leave one out of \"freeze\"");
  }
}

std::size_t PhasePlan::at(std::int64_t step) const {
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), step);
  return std::min(static_cast<std::size_t>(found - ends_.begin()), size() - 1);
}

bool PhasePlan::rests(std::size_t phase, const std::string& name) const {
  if (phases_.empty()) return false;
  const std::vector<std::string>& freeze = phases_.at(phase).freeze;
  return std::any_of(freeze.begin(), freeze.end(),
                     [&](const std::string& selector) { return selects(selector, name); });
}

bool PhasePlan::always_rests(const std::string& name) const {
  for (std::size_t phase = 0; phase < size(); ++phase) {
    if (!rests(phase, name)) return false;
  }
  return true;
}

std::vector<bool> PhasePlan::training(std::size_t phase, const FlatParameters& parameters) const {
  std::vector<bool> trains;
  for (const FlatSlot& slot : parameters.slots()) trains.push_back(!rests(phase, slot.name));
  return trains;
}

std::string PhasePlan::where(std::size_t phase) const { return phases_.empty() ? "this run" : phases_.at(phase).where; }

std::string PhasePlan::text(std::size_t phase, bool chooses) const {
  const std::string rest = joined(phases_.at(phase).freeze);
  return "phase " + std::to_string(phase + 1) + " of " + std::to_string(size()) +
         (rest.empty() ? "" : "; resting: " + rest) +
         (chooses && phase > 0 && phase + 1 == size() ? "; the best epoch is chosen from here on" : "");
}

}  // namespace infomtl
