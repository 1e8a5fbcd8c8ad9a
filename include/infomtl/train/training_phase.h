#pragma once
// Training phase: a stretch of training in which some parameters rest, as in gradual unfreezing or a probe of heads.
//
//   settings.epochs = 3;
//   settings.phases = {{.epochs = 1, .freeze = {"encoder"}}, {.epochs = 2}};
//   settings.phases = {{.share = 0.75, .freeze = {"architecture"}}, {.share = 0.25, .freeze = {"encoder"}}};
//
// A resting parameter keeps its bits, its optimiser state and its place in a checkpoint; no backward pass goes through
// it, clipping does not count it. What trains is a function of the step, so a run continues in the middle of a phase as
// if it had not stopped. The learning-rate schedule runs over the whole run and knows of no phases.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

struct INFOMTL_API TrainingPhase {
  std::int64_t epochs = 0;  ///< how long it takes; or
  std::int64_t steps = 0;   ///< the same in optimiser steps; or
  double share = 0;  ///< as a share of the run's steps, in (0, 1]; of one run all phases say the same of the three
  std::vector<std::string> freeze = {};  ///< selectors of what rests, as in optim/parameter_groups.h; empty: nothing
  std::string where = "training phase";  ///< its place, for errors: "tweets.json#/training/phases/0"
};

}  // namespace infomtl
