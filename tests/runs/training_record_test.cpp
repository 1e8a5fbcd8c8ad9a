#include "runs/training_record.h"

#include <gtest/gtest.h>

namespace infomtl {
namespace {

TEST(TrainingRecord, PlannedExamplesAreThoseOfEachRunAndOlderRecordsNeedNotSayThem) {
  const auto record_of = [](std::int64_t steps, std::int64_t planned, std::int64_t examples) {
    TrainingCost cost;
    cost.steps = steps;
    cost.examples = examples;
    return training_record(cost, planned, {});
  };
  const Json stopped = record_of(100, 400, 1000);
  Json whole = record_of(50, 50, 600);
  EXPECT_EQ(stopped.at("planned_examples"), 4000);
  EXPECT_EQ(whole.at("planned_examples"), 600);
  whole.erase("planned_examples");
  EXPECT_EQ(added_up({stopped, whole}).at("planned_examples"), 4600);
  EXPECT_EQ(added_up({stopped, whole}).at("examples"), 1600);
}

}  // namespace
}  // namespace infomtl
