#pragma once
// Phase plan: which parameters train at which step. A pure function of the step, from the phases of the settings.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/optim/flat_parameters.h"
#include "infomtl/train/training_phase.h"

namespace infomtl {

/// What phases take together: epochs, steps or a share of the run, the others 0.
struct PhaseLength {
  std::int64_t epochs = 0, steps = 0;
  double share = 0;
};
/// @throws ConfigError for a phase that does not say how long it takes, and for some that say it the other way
PhaseLength length_of(const std::vector<TrainingPhase>& phases);
/// @param steps_per_epoch  where it is known, else 0 @throws ConfigError where that is not as long as training
void check_phase_length(const std::vector<TrainingPhase>& phases, std::int64_t epochs, std::int64_t max_steps,
                        std::int64_t steps_per_epoch = 0);

class PhasePlan {
 public:
  PhasePlan() = default;
  /// @throws ConfigError for a selector that matches nothing, a phase in which nothing trains, a share of no step
  /// @param steps  of the whole run
  PhasePlan(std::vector<TrainingPhase> phases, std::int64_t steps_per_epoch, std::int64_t steps,
            const NamedParameters& parameters);

  std::size_t size() const { return ends_.size(); }
  /// The phase of a step from 0; the last one of every step behind it.
  std::size_t at(std::int64_t step) const;
  /// Whether the step is of the last phase.
  bool last_at(std::int64_t step) const { return at(step) + 1 == size(); }
  bool rests(std::size_t phase, const std::string& name) const;
  bool always_rests(const std::string& name) const;
  /// Of each slot, for FlatParameters::set_training().
  std::vector<bool> training(std::size_t phase, const FlatParameters& parameters) const;
  /// "tweets.json#/training/phases/0"; "this run" without phases.
  std::string where(std::size_t phase) const;
  /// "phase 1 of 2; resting: encoder", for the log. @param chooses  whether the best epoch is chosen: from the last phase on
  std::string text(std::size_t phase, bool chooses) const;

 private:
  std::vector<TrainingPhase> phases_;
  std::vector<std::int64_t> ends_;  // step behind each phase
};

}  // namespace infomtl
