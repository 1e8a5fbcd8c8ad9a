#include "infomtl/train/view_information.h"

#include <cmath>

#include "infomtl/data/evaluation_stream.h"
#include "infomtl/train/representation_quality.h"
#include "step/small_run.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::SmallRun;

std::vector<ViewInformation> information_of(const SmallRun& run, const ViewInformationSettings& settings) {
  EvaluationStream stream(run.data->dataset(), Split::validation, run.data->tokens(Split::validation), 16);
  return view_information(
      *run.model, [&stream] { return stream.next(); }, settings);
}

TEST(ViewInformation, IsThatOfTwoDropoutViewsOfEachTask) {
  const SmallRun none(0.0), noisy(0.4);
  const auto all = information_of(none, {.seed = 3}), little = information_of(noisy, {.seed = 3});
  ASSERT_EQ(all.size(), none.tasks.size());
  for (std::size_t t = 0; t < none.tasks.size(); ++t) {
    const bool words = none.tasks[t].kind == TaskKind::tagging;
    EXPECT_EQ(std::isnan(all[t].representation), words) << none.tasks[t].name;
    EXPECT_EQ(std::isnan(all[t].output), words) << none.tasks[t].name;
    if (words) continue;
    EXPECT_GT(all[t].representation, little[t].representation) << "noise takes information away";
    EXPECT_GE(little[t].output, 0.0);
  }
  const auto rows = none.data->dataset().split(Split::validation).tasks[none.task_named("topic")].size();
  const double found = all[none.task_named("topic")].representation;
  EXPECT_NEAR(found, std::log(static_cast<double>(rows)), 0.2) << "without noise every row is told apart";
}

TEST(ViewInformation, IsAFunctionOfItsSeedAndReadsSoManyRows) {
  const SmallRun run(0.2);
  const std::size_t topic = run.task_named("topic");
  const double first = information_of(run, {.seed = 3})[topic].representation;
  EXPECT_EQ(first, information_of(run, {.seed = 3})[topic].representation);
  EXPECT_NE(first, information_of(run, {.seed = 4})[topic].representation);
  EXPECT_LE(information_of(run, {.seed = 3, .rows = 4})[topic].representation, std::log(4.0) + 1e-9);
}

TEST(RepresentationQuality, OfRowsInTheirClasses) {
  const torch::Tensor labels = torch::tensor({0, 0, 0, 1, 1, 1, static_cast<int>(kUnknownLabel)}, torch::kInt64);
  torch::Tensor output = torch::zeros({7, 2});
  output.select(1, 1).copy_(torch::tensor({5.0, 5.1, 4.9, -5.0, -5.1, -4.9, 5.0}));
  const torch::Tensor one_way = torch::ones({7, 3});
  const auto found = representation_quality(TaskKind::classification, one_way, output, labels);
  EXPECT_EQ(found.rows, 7);
  EXPECT_NEAR(found.uniformity, 0, 1e-9);
  EXPECT_NEAR(found.mean_cosine, 1, 1e-9);
  ASSERT_TRUE(found.rand_index.has_value());
  EXPECT_DOUBLE_EQ(*found.rand_index, 1.0);
  EXPECT_FALSE(representation_quality(TaskKind::regression, one_way, output, labels).rand_index.has_value());
  EXPECT_LT(representation_quality(TaskKind::regression, testing::normal({40, 8}), output, labels).uniformity, -1.5);
}

}  // namespace
}  // namespace infomtl
