// The shipped task records on the real data sets: counts as published. A data set that is absent skips its tests.
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/corpus.h"
#include "infomtl/data/dataset_report.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  if (const char* set = std::getenv("INFOMTL_DATA"); set != nullptr && *set != '\0') return set;
  return fs::path(INFOMTL_SOURCE_DIR) / ".." / "shared" / "data";
}

Dataset load(const std::string& folder, const std::vector<std::string>& records, const Json& more = Json::object()) {
  Json data = {{"root", (data_folder() / folder).string()}, {"tasks", Json::array()}};
  for (const std::string& record : records) {
    data["tasks"].push_back(
        (fs::path(INFOMTL_SOURCE_DIR) / "configs" / "tasks" / folder / (record + ".json")).string());
  }
  data.update(more);
  return load_dataset(Config::from_json(data), 0);
}

using Counts = std::vector<std::size_t>;
Counts counts(const Dataset& dataset, std::size_t task = 0) {
  Counts result;
  for (const Split split : kSplits) result.push_back(dataset.split(split).tasks[task].size());
  return result;
}

/// Skips, saying what is missing, where one data set is not there: whoever has one need not have the others.
class RealData : public ::testing::Test {
 protected:
  explicit RealData(std::string folder) : folder_(std::move(folder)) {}
  void SetUp() override {
    if (!fs::exists(data_folder() / folder_)) {
      GTEST_SKIP() << "no data set " << folder_ << " in " << data_folder()
                   << "; INFOMTL_DATA names the folder to look in";
    }
  }

 private:
  std::string folder_;
};
struct RealTweetEval : RealData {
  RealTweetEval() : RealData("tweeteval") {}
};
struct RealSlu : RealData {
  RealSlu() : RealData("slu") {}
};
struct RealGlueSmall : RealData {
  RealGlueSmall() : RealData("glue-small") {}
};
struct RealSent : RealData {
  RealSent() : RealData("sent") {}
};
struct RealNer : RealData {
  RealNer() : RealData("ner") {}
};

TEST_F(RealTweetEval, CountsAreThoseOfThePaper) {
  const Dataset dataset = load("tweeteval", {"emotion", "hate", "irony", "offensive", "sentiment", "stance"});
  const std::vector<Counts> expected = {{3257, 374, 1421},  {9000, 1000, 2970},   {2862, 955, 784},
                                        {11916, 1324, 860}, {45615, 2000, 12284}, {2620, 294, 1249}};
  for (std::size_t t = 0; t < expected.size(); ++t) EXPECT_EQ(counts(dataset, t), expected[t]) << dataset.tasks[t].name;
  EXPECT_EQ(steps_per_epoch(dataset, {.batch_size = 128}), 26 + 71 + 23 + 94 + 357 + 21);
  EXPECT_EQ(steps_per_epoch(dataset, {.batch_size = 128, .regime = Regime::joint}), 357);
}

TEST_F(RealTweetEval, TheReportFindsTheKnownQuirksOfHate) {
  const DatasetReport report = report_dataset(load("tweeteval", {"hate"}), nullptr, 0, {.batch_size = 128});
  EXPECT_EQ(report.splits[0].empty_texts, 7);
  EXPECT_EQ(report.splits[1].empty_texts, 1);
  const auto& shared = report.splits[0].shared_texts;
  const auto test =
      std::find_if(shared.begin(), shared.end(), [](const auto& entry) { return entry.first == Split::test; });
  ASSERT_NE(test, shared.end());
  EXPECT_EQ(test->second, 230);
}

TEST_F(RealSlu, IntentAndSlotsShareTheirTexts) {
  const Dataset atis = load("slu", {"atis"});
  EXPECT_EQ(counts(atis, 0), (Counts{4478, 500, 893}));
  EXPECT_EQ(counts(atis, 1), (Counts{4478, 500, 893}));
  EXPECT_EQ(atis.split(Split::train).texts.size(), 4478u);
  EXPECT_EQ(atis.tasks[0].labels.size(), 21u);
  EXPECT_EQ(atis.tasks[1].labels.size(), 120u);
  const DatasetReport report = report_dataset(atis, nullptr, 0, {});
  for (const SplitReport& split : report.splits)
    EXPECT_EQ(split.unknown_labels > 0, split.split != Split::train) << split.task;
  const Dataset snips = load("slu", {"snips"});
  EXPECT_EQ(counts(snips, 0), (Counts{13084, 700, 700}));
  EXPECT_EQ(counts(snips, 1), (Counts{13084, 700, 700}));
}

TEST_F(RealGlueSmall, CountsAreThoseOfGlue) {
  const Dataset dataset = load("glue-small", {"cola", "mrpc", "rte", "sst2", "stsb", "wnli"});
  const std::vector<Counts> expected = {{8551, 1043, 0}, {3668, 408, 1725},  {2490, 277, 0},
                                        {67349, 872, 0}, {5749, 1500, 1379}, {635, 71, 0}};
  for (std::size_t t = 0; t < expected.size(); ++t) EXPECT_EQ(counts(dataset, t), expected[t]) << dataset.tasks[t].name;
  EXPECT_TRUE(dataset.tasks[1].pair);
  EXPECT_EQ(dataset.split(Split::train).texts.first[0],
            "Our friends won't buy this analysis, let alone the next one we propose.");
}

TEST_F(RealSent, SentenceSetsAndTheirParts) {
  const Dataset dataset = load("sent", {"mr", "subj", "cr", "mpqa", "sst1", "sst2", "trec"});
  const std::vector<std::size_t> sizes = {10662, 10000, 3775, 10606, 8544 + 1101 + 2210, 6920 + 872 + 1821, 5452 + 500};
  for (std::size_t t = 0; t < sizes.size(); ++t) {
    const Counts found = counts(dataset, t);
    EXPECT_EQ(found[0] + found[1] + found[2], sizes[t]) << dataset.tasks[t].name;
  }
  EXPECT_EQ(counts(dataset, 4), (Counts{8544, 1101, 2210}));
}

TEST_F(RealNer, EntitySentencesOfWnut) {
  const Dataset dataset = load("ner", {"wnut17"});
  EXPECT_EQ(counts(dataset), (Counts{3394, 1009, 1287}));
  EXPECT_EQ(dataset.tasks[0].labels.size(), 13u);
}

TEST_F(RealTweetEval, ASubsetOfSixTasksHasTheRowsAskedFor) {
  const Dataset dataset =
      load("tweeteval", {"emotion", "stance"}, {{"max_train_rows", 300}, {"max_validation_rows", 100}});
  EXPECT_EQ(counts(dataset, 0), (Counts{300, 100, 1421}));
  EXPECT_EQ(counts(dataset, 1), (Counts{300, 100, 1249}));
}

}  // namespace
}  // namespace infomtl
