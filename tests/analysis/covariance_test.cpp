#include "infomtl/analysis/covariance.h"

#include <nlohmann/json.hpp>

#include "support/compare.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::close;
using testing::normal;
using torch::Tensor;

TaskOutputs outputs_of(const std::string& name, const Tensor& shared) {
  TaskOutputs task;
  task.name = name;
  task.shared = shared;
  return task;
}

TEST(CovarianceTables, CompareEveryPairOfTasks) {
  Tensor left = normal({12, 6}, 1), right = normal({9, 6}, 2);
  left.narrow(1, 3, 3).zero_();
  right.narrow(1, 0, 3).zero_();
  const auto tables = covariance_tables({outputs_of("a", left), outputs_of("b", right), outputs_of("c", left)});
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].of, "pooled outputs");
  EXPECT_FALSE(tables[0].centred);
  EXPECT_TRUE(tables[1].centred);
  for (const CovarianceTable& table : tables) {
    const Tensor& scores = table.scores;
    EXPECT_TRUE(close(scores[0][1].item<double>(), 0, 1e-9));
    EXPECT_TRUE(close(scores[0][2], scores[0][0], 1e-12));
    EXPECT_TRUE(close(scores[0][0], ops::covariance_similarity(left, left, {.centred = table.centred}), 1e-12));
  }
  const Json json = to_json(tables);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["of"], "pooled outputs");
  EXPECT_EQ(json[1]["centred"], true);
  EXPECT_NEAR(json[0]["scores"]["c"]["a"].get<double>(), json[0]["scores"]["a"]["a"].get<double>(), 1e-12);
  const std::string text = to_table(tables);
  EXPECT_NE(text.find("covariance similarity"), std::string::npos);
  EXPECT_NE(text.find("0.000"), std::string::npos) << text;
  EXPECT_EQ(json[1]["variant"], tables[1].variant);
}

TEST(CovarianceTables, ShowMappedEmbeddingsBesideTheirOwn) {
  std::vector<TaskOutputs> tasks;
  for (const std::uint64_t seed : {1, 2}) {
    tasks.push_back(outputs_of("t" + std::to_string(seed), normal({5, 4}, seed)));
    ops::CovarianceSums before(3), after(3);
    before.add(normal({8, 3}, 10 + seed));
    after.add(normal({8, 3}, 20));
    tasks.back().embeddings = EmbeddingCovariance{.before = before, .after = after};
  }
  const auto tables = covariance_tables(tasks);
  ASSERT_EQ(tables.size(), 6U);
  EXPECT_EQ(tables[2].of, "word embeddings");
  EXPECT_EQ(tables[4].of, "mapped word embeddings");
  EXPECT_TRUE(close(tables[4].scores[0][1], tables[4].scores[0][0], 1e-12)) << "aligned";
  EXPECT_FALSE(close(tables[2].scores[0][1], tables[2].scores[0][0], 1e-6));
  // Each says whether it is the paper's: of inputs, about no mean.
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const bool papers = tables[i].variant.starts_with("the paper's (") && tables[i].variant.ends_with(", of inputs");
    EXPECT_EQ(papers, i == 2 || i == 4) << tables[i].variant;
    EXPECT_EQ(tables[i].variant.starts_with("not the paper's"), tables[i].centred);
    EXPECT_NE(to_table(tables).find(tables[i].of + (tables[i].centred ? ", centred" : "") + " (" + tables[i].variant),
              std::string::npos);
  }
}

TEST(CovarianceTables, AreNoneForOneTask) {
  EXPECT_TRUE(covariance_tables({}).empty());
  EXPECT_TRUE(covariance_tables({outputs_of("alone", normal({5, 4}))}).empty());
  EXPECT_EQ(to_table(std::vector<CovarianceTable>{}), "");
  EXPECT_TRUE(to_json(std::vector<CovarianceTable>{}).empty());
}

}  // namespace
}  // namespace infomtl
