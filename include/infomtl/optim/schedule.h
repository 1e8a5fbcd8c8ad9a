#pragma once
// Learning-rate schedule: the rate as a factor of its peak, a pure function of the optimiser step.
//
//   auto schedule = schedules::warmup_constant({.warmup_ratio = 0.1});
//   double rate = peak * schedule->factor(step, total);     // step from 0, total of the whole run
//
// Each built-in one rises as min(1, (step + 1) / W) over W warm-up steps first.

#include <cstdint>
#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"

namespace infomtl {

class INFOMTL_API LearningRateSchedule {
 public:
  virtual ~LearningRateSchedule() = default;
  /// @param step  from 0; @param total  steps of the whole run, phases and all
  virtual double factor(std::int64_t step, std::int64_t total) const = 0;
};

/// How long the rate rises: W = max(1, warmup_steps, floor(warmup_ratio * total)) steps.
struct INFOMTL_API WarmupSettings {
  double warmup_ratio = 0.0;      ///< share of all steps, in [0, 1)
  std::int64_t warmup_steps = 0;  ///< the same as a number of steps; 0: by the ratio
  void fields(FieldVisitor& f);
};

namespace schedules {
/// The peak rate after the warm-up.
INFOMTL_API std::shared_ptr<LearningRateSchedule> constant(WarmupSettings warmup = {});
/// The same, with the warm-up of the paper: a tenth of the steps.
INFOMTL_API std::shared_ptr<LearningRateSchedule> warmup_constant(WarmupSettings warmup = {.warmup_ratio = 0.1});
/// 1 - s, with s the share in [0, 1] of the steps after the warm-up that are done.
INFOMTL_API std::shared_ptr<LearningRateSchedule> linear(WarmupSettings warmup = {});
/// (1 + cos(pi s)) / 2 (Loshchilov and Hutter, ICLR 2017, without restarts).
INFOMTL_API std::shared_ptr<LearningRateSchedule> cosine(WarmupSettings warmup = {});
}  // namespace schedules

/// constant, linear, cosine, warmup_constant. A schedule of one's own is a class with Settings and Class(Settings).
using ScheduleRegistry = Registry<LearningRateSchedule>;
INFOMTL_API ScheduleRegistry& schedule_registry();
INFOMTL_API void register_builtin_schedules(ScheduleRegistry& registry);

}  // namespace infomtl
