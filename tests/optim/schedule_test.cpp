#include "infomtl/optim/schedule.h"

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/compare.h"

namespace infomtl {
namespace {

std::shared_ptr<LearningRateSchedule> build(Json json) {
  return schedule_registry().build(Config::from_json(std::move(json)));
}

TEST(Schedule, WarmupConstantRisesOverATenthAndStays) {
  // The paper's setting: 590 steps per epoch, 20 epochs, W = 1180.
  const auto schedule = build("warmup_constant");
  EXPECT_EQ(schedule->factor(0, 11800), 1.0 / 1180);
  EXPECT_EQ(schedule->factor(589, 11800), 0.5);
  EXPECT_EQ(schedule->factor(1179, 11800), 1.0);
  EXPECT_EQ(schedule->factor(11799, 11800), 1.0);
  EXPECT_EQ(schedule->factor(0, 7), 1.0);  // W is at least one step
}

TEST(Schedule, ConstantIsOneFromTheFirstStep) {
  for (const std::int64_t step : {0, 1, 50, 99}) EXPECT_EQ(build("constant")->factor(step, 100), 1.0);
}

TEST(Schedule, LinearAndCosineFallToZero) {
  for (const char* name : {"linear", "cosine"}) {
    const auto schedule = build({{"name", name}});
    EXPECT_EQ(schedule->factor(0, 100), 1.0) << name;
    EXPECT_TRUE(testing::close(schedule->factor(50, 100), 0.5, 1e-12)) << name;
    EXPECT_TRUE(testing::close(schedule->factor(100, 100), 0.0, 1e-12)) << name;
    for (std::int64_t step = 1; step < 100; ++step) {
      EXPECT_LT(schedule->factor(step, 100), schedule->factor(step - 1, 100)) << name << " " << step;
    }
  }
  EXPECT_TRUE(testing::close(build("cosine")->factor(25, 100), 0.5 + std::sqrt(0.125), 1e-12));
}

TEST(Schedule, FallStartsWhereTheWarmupEnds) {
  const auto schedule = build({{"name", "linear"}, {"warmup_steps", 20}});
  EXPECT_EQ(schedule->factor(9, 100), 0.5);
  EXPECT_EQ(schedule->factor(19, 100), 1.0);
  EXPECT_EQ(schedule->factor(20, 100), 1.0);
  EXPECT_EQ(schedule->factor(60, 100), 0.5);
  const auto ratio = build({{"name", "linear"}, {"warmup_ratio", 0.2}});
  for (std::int64_t step = 0; step < 100; ++step) EXPECT_EQ(ratio->factor(step, 100), schedule->factor(step, 100));
}

TEST(Schedule, WarmupStepsReplaceTheDefaultRatio) {
  EXPECT_EQ(build({{"name", "warmup_constant"}, {"warmup_steps", 4}})->factor(1, 1000), 0.5);
}

TEST(Schedule, MadeByHandAreThoseOfAConfig) {
  const auto same = [](const LearningRateSchedule& a, const LearningRateSchedule& b) {
    for (std::int64_t step = 0; step < 50; ++step) {
      if (a.factor(step, 50) != b.factor(step, 50)) return false;
    }
    return true;
  };
  EXPECT_TRUE(same(*schedules::warmup_constant(), *build("warmup_constant")));
  EXPECT_TRUE(same(*schedules::constant(), *build("constant")));
  EXPECT_TRUE(same(*schedules::linear({.warmup_steps = 7}), *build({{"name", "linear"}, {"warmup_steps", 7}})));
  EXPECT_TRUE(same(*schedules::cosine({.warmup_ratio = 0.2}), *build({{"name", "cosine"}, {"warmup_ratio", 0.2}})));
  EXPECT_FALSE(same(*schedules::cosine(), *schedules::linear()));
}

TEST(Schedule, ContradictionsAreErrors) {
  EXPECT_THROW(build({{"name", "linear"}, {"warmup_steps", 4}, {"warmup_ratio", 0.1}}), ConfigError);
  EXPECT_THROW(build({{"name", "linear"}, {"warmup_ratio", 1.5}}), ConfigError);
  EXPECT_THROW(build({{"name", "liner"}}), UnknownNameError);
  EXPECT_THROW(build({{"name", "linear"}, {"warmup", 3}}), ConfigError);
}

}  // namespace
}  // namespace infomtl
