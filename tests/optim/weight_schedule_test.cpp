#include "infomtl/optim/weight_schedule.h"

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::close;

Schedule weight_of(Json json) { return Schedule::from_config(Config::from_json(std::move(json), "weight")); }

TEST(WeightSchedule, ExponentialHasEqualRatios) {
  const Schedule schedule = Schedule::exponential(1.0, 0.5, 3000);
  EXPECT_EQ(schedule.at(0), 1.0);
  EXPECT_TRUE(close(schedule.at(1000), std::pow(0.5, 1.0 / 3), 1e-15));
  EXPECT_TRUE(close(schedule.at(1500), std::sqrt(0.5), 1e-15));
  for (const std::int64_t step : {3000, 3001, 100000}) EXPECT_EQ(schedule.at(step), 0.5);
  EXPECT_EQ(schedule.at(-1), 1.0);
  const Schedule rising = weight_of({{"schedule", "exponential"}, {"from", 1e-4}, {"to", 1e-2}, {"steps", 10}});
  EXPECT_TRUE(close(rising.at(5), 1e-3, 1e-15));
}

TEST(WeightSchedule, StaircaseIsThatOfVariationalMultiTaskLearning) {  // PT-2.5
  // Its code adds 1e-6 at each of the T calls of every tenth iteration: T floor(iteration / 10) 1e-6.
  const int tasks = 4, iterations = 15000;
  const Schedule beta = weight_of({{"schedule", "staircase"},
                                   {"from", 0},
                                   {"to", tasks * 1e-6 * (iterations / 10)},
                                   {"steps", iterations},
                                   {"every", 10}});
  for (int iteration = 0; iteration < iterations; iteration += 7) {
    EXPECT_TRUE(close(beta.at(iteration), tasks * static_cast<double>(iteration / 10) * 1e-6, 1e-15)) << iteration;
  }
  EXPECT_TRUE(close(beta.at(iterations), 6e-3, 1e-15));
  EXPECT_EQ(beta.at(19), beta.at(10));
  EXPECT_LT(beta.at(19), beta.at(20));
}

TEST(WeightSchedule, AStairOfOneStepIsALine) {
  const Schedule stairs = Schedule::staircase(1, 3, 8, 1), line = Schedule::linear(1, 3, 8);
  for (int step = 0; step < 12; ++step) EXPECT_EQ(stairs.at(step), line.at(step));
}

TEST(WeightSchedule, MistakesNameTheField) {
  const auto message = [](Json json) -> std::string {
    try {
      weight_of(std::move(json));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  };
  for (const auto& [json, field] : std::vector<std::pair<Json, std::string>>{
           {{{"schedule", "exponential"}, {"from", 0}, {"to", 1}, {"steps", 5}}, "from"},
           {{{"schedule", "exponential"}, {"to", 1}, {"steps", 5}}, "from"},
           {{{"schedule", "exponential"}, {"from", 1}, {"to", 0}, {"steps", 5}}, "to"},
           {{{"schedule", "staircase"}, {"to", 1}, {"steps", 5}}, "every"},
           {{{"schedule", "staircase"}, {"to", 1}, {"steps", 5}, {"every", 0}}, "every"},
           {{{"schedule", "linear"}, {"to", 1}, {"steps", 5}, {"every", 2}}, "every"},
           {{{"schedule", "stair_case"}, {"to", 1}, {"steps", 5}}, "staircase"}}) {
    EXPECT_NE(message(json).find(field), std::string::npos) << message(json);
  }
}

}  // namespace
}  // namespace infomtl
