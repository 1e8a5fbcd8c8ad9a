#include <gtest/gtest.h>

#include "infomtl/runs/text_table.h"
#include "study/budgets.h"
#include "study/grid_progress.h"

namespace infomtl {
namespace {

TEST(GridProgress, TheLineSaysWhereTheCellsAre) {
  const CellCounts counts{.finished = 3, .here = 1, .elsewhere = 1, .failed = 0, .left = 5};
  EXPECT_EQ(grid_line(counts, "infomtl, seed 2, step 120 of 590", 2530, "best InfoMTL 66.12"),
            "3 of 10 done  1 elsewhere  5 left  42:10 to go  best InfoMTL 66.12  now infomtl, seed 2, step 120 of 590");
  EXPECT_EQ(grid_line({.finished = 9, .here = 0, .elsewhere = 0, .failed = 1, .left = 0}, "", -1, ""),
            "9 of 10 done  1 failed");
}

TEST(GridProgress, TimeLeftGoesByWhatWasTrainedHere) {
  const CellCounts alone{.finished = 2, .here = 1, .elsewhere = 0, .failed = 0, .left = 3};
  EXPECT_EQ(seconds_to_go(alone, 0, 0, 0), -1) << "nothing was trained yet";
  EXPECT_DOUBLE_EQ(seconds_to_go(alone, 2, 250, 0.5), 350.0);  // 100 s a cell; three and a half are left
  CellCounts shared = alone;
  shared.elsewhere = 1;
  EXPECT_DOUBLE_EQ(seconds_to_go(shared, 2, 250, 0.5), 200.0);  // four, by two processes
}

TEST(ReportTable, FieldsOfCsvAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv_line({"a", "b, c", "say \"d\"", ""}), "a,\"b, c\",\"say \"\"d\"\"\",\n");
}

TEST(Budgets, OfRunsThatStoppedEarlyCountAsPlanned) {
  const Budget stopped{.steps = 100, .examples = 1000, .planned_steps = 400};
  const PlannedBudget planned = planned_budget("ew", stopped);
  EXPECT_EQ(planned.steps, 400);
  EXPECT_EQ(planned.examples, 4000);
  EXPECT_NO_THROW(refuse_unequal_budgets({planned, {.row = "b", .steps = 403, .examples = 3990}}, "c.json", ""));
  EXPECT_NO_THROW(refuse_unequal_budgets({planned, {.row = "b", .steps = 400}}, "c.json", "")) << "not known";
  EXPECT_NO_THROW(refuse_unequal_budgets({planned, {.row = "joint", .steps = 400, .examples = 4300}}, "c.json", ""))
      << "the last batch of a pass is short where a batch is one task's";
  const Budget alone{.steps = 100, .examples = 1000, .planned_steps = 400, .planned_examples = 3900};
  EXPECT_EQ(planned_budget("alone", alone).examples, 3900) << "each task stops by itself";
  try {
    refuse_unequal_budgets({planned, {.row = "gls", .steps = 400, .examples = 14680}}, "c.json", "a=1");
    FAIL() << "accepted";
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("c.json: a=1: the methods do not train on as many examples: ew 4000, gls 14680; "))
        << message;
  }
}

}  // namespace
}  // namespace infomtl
