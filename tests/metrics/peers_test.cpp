// Scores of scikit-learn, scipy, seqeval and the TweetEval scorer, written by scripts/fixtures/metrics.py (versions and
// seed inside the files).
#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/files.h"
#include "infomtl/metrics/metric.h"
#include "support/fixture_folder.h"

using namespace infomtl;

namespace {

Json fixture(const std::string& name) {
  return Json::parse(read_file(infomtl::testing::fixture_folder() + "/metrics/" + name + ".json")).at("cases");
}

void expect_scores(const std::string& name, TaskKind kind, std::size_t least) {
  std::size_t scored = 0;
  const Json cases = fixture(name);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Json& item = cases[i];
    Predictions p{.space = {kind, item.value("labels", std::vector<std::string>{})}};
    p.space.scheme = tag_scheme_named(item.value("scheme", "BIO"));
    if (kind == TaskKind::regression) {
      p.gold_values = item.at("gold").get<std::vector<double>>();
      p.predicted_values = item.at("predicted").get<std::vector<double>>();
    } else {
      p.gold = item.at("gold").get<std::vector<std::int64_t>>();
      p.predicted = item.at("predicted").get<std::vector<std::int64_t>>();
      p.sentence_lengths = item.value("sentence_lengths", std::vector<std::size_t>{});
    }
    for (const Json& pair : item.at("scores")) {
      const double expected = pair.at(1).get<double>();
      const double found = build_metric(Config::from_json(pair.at(0)), p.space)->score(p);
      EXPECT_TRUE(std::abs(found - expected) <= 1e-12 * std::max(1.0, std::abs(expected)))
          << name << " case " << i << ", " << pair.at(0) << ": " << found << " but " << expected << " expected";
      ++scored;
    }
  }
  EXPECT_GE(scored, least);
}

}  // namespace

TEST(Peers, ClassesScoreAsInScikitLearnAndTweetEval) { expect_scores("labels", TaskKind::classification, 1000); }
TEST(Peers, WordsOfSentencesScoreAsClasses) {
  Predictions p{
      .space = {TaskKind::tagging, {"N", "V"}}, .gold = {0, 1, 1}, .predicted = {0, 0, 1}, .sentence_lengths = {1, 2}};
  EXPECT_DOUBLE_EQ(build_metric("macro_f1", p.space)->score(p), 2.0 / 3);
}
TEST(Peers, SetsScoreAsScikitLearnsIndicatorMatrices) { expect_scores("sets", TaskKind::multi_label, 200); }
TEST(Peers, ValuesScoreAsInScipy) { expect_scores("values", TaskKind::regression, 60); }
TEST(Peers, EntitiesScoreAsInSeqeval) { expect_scores("tags", TaskKind::tagging, 150); }
TEST(Peers, EntitiesOfOtherSchemesScoreAsInSeqeval) { expect_scores("tag_schemes", TaskKind::tagging, 100); }
