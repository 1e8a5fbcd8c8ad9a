#include "infomtl/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "infomtl/core/config.h"

namespace infomtl {
namespace {

/// How the rate falls after the warm-up: the factor at a share in [0, 1] of the steps that remain.
using Fall = double (*)(double share);

class WarmedUp final : public LearningRateSchedule {
 public:
  WarmedUp(WarmupSettings settings, Fall fall) : settings_(settings), fall_(fall) {}

  double factor(std::int64_t step, std::int64_t total) const override {
    const auto by_ratio = static_cast<std::int64_t>(settings_.warmup_ratio * static_cast<double>(total));
    const std::int64_t warmup = std::max<std::int64_t>(1, std::max(settings_.warmup_steps, by_ratio));
    if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
    if (step >= total) return fall_(1.0);
    // The first step (a warm-up of one) counts as the start of the fall, so that W = 1 means no warm-up.
    const std::int64_t start = warmup == 1 ? 0 : warmup;
    return fall_(static_cast<double>(step - start) / static_cast<double>(total - start));
  }

 private:
  WarmupSettings settings_;
  Fall fall_;
};

double stay(double /*share*/) { return 1.0; }
double straight(double share) { return 1.0 - share; }
double half_a_wave(double share) { return 0.5 * (1.0 + std::cos(std::numbers::pi * share)); }

void add(ScheduleRegistry& registry, std::string name, std::string summary, Fall fall, WarmupSettings defaults = {}) {
  FieldLister lister;
  defaults.fields(lister);
  registry.add({.name = std::move(name), .summary = std::move(summary), .source = "", .options = lister.found},
               [fall, defaults](const Config& config) -> std::shared_ptr<LearningRateSchedule> {
                 WarmupSettings settings = defaults;
                 if (config.has("warmup_ratio") && config.has("warmup_steps")) {
                   config.fail("warmup_steps", "give either warmup_steps or warmup_ratio, not both");
                 }
                 if (config.has("warmup_steps")) settings.warmup_ratio = 0.0;
                 config.read_fields(settings);
                 config.reject_unknown();
                 return std::make_shared<WarmedUp>(settings, fall);
               });
}

}  // namespace

void WarmupSettings::fields(FieldVisitor& f) {
  f.field("warmup_ratio", warmup_ratio, "share of all steps over which the rate rises", from_to_below(0.0, 1.0));
  f.field("warmup_steps", warmup_steps, "the same as a number of steps; not beside warmup_ratio", at_least(0.0));
}

namespace schedules {

std::shared_ptr<LearningRateSchedule> constant(WarmupSettings warmup) {
  return std::make_shared<WarmedUp>(warmup, stay);
}
std::shared_ptr<LearningRateSchedule> warmup_constant(WarmupSettings warmup) { return constant(warmup); }
std::shared_ptr<LearningRateSchedule> linear(WarmupSettings warmup) {
  return std::make_shared<WarmedUp>(warmup, straight);
}
std::shared_ptr<LearningRateSchedule> cosine(WarmupSettings warmup) {
  return std::make_shared<WarmedUp>(warmup, half_a_wave);
}

}  // namespace schedules

void register_builtin_schedules(ScheduleRegistry& registry) {
  add(registry, "constant", "the peak rate throughout", stay);
  add(registry, "linear", "falls to zero in a straight line", straight);
  add(registry, "cosine", "falls to zero along half a cosine wave", half_a_wave);
  add(registry, "warmup_constant", "rises over the first tenth of the steps, then stays", stay, {.warmup_ratio = 0.1});
  registry.add_hints({{"constant_with_warmup", "warmup_constant"},  // as Hugging Face calls them
                      {"linear_with_warmup", "linear"},
                      {"warmup_linear", "linear"},
                      {"cosine_with_warmup", "cosine"}});
}

ScheduleRegistry& schedule_registry() {
  static ScheduleRegistry registry = [] {
    ScheduleRegistry built("schedule", "warmup_constant");
    register_builtin_schedules(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
