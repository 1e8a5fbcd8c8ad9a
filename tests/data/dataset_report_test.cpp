// The report of `check`: its figures on data whose figures are known, and every problem at once.
#include "infomtl/data/dataset_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "data/corpus.h"

namespace infomtl {
namespace {

using testing::corpus;
using testing::TemporaryFolder;

Json mood_record() {
  return Json::parse(R"({"name": "mood", "type": "classification", "labels": ["bad", "good", "never"],
    "splits": {"train": {"text": "t.txt", "label": "l.txt"}, "test": {"text": "e.txt", "label": "m.txt"}}})");
}

TEST(DatasetReport, CountsWhatIsThere) {
  TemporaryFolder folder;
  folder.write("t.txt", "anna loved paris\n\nanna loved paris\n \nboris cried over the soup today\nanna loved paris\n");
  folder.write("l.txt", "good\nbad\nbad\nbad\nbad\ngood\n");
  folder.write("e.txt", "anna loved paris\nanna loved paris\nsoup\n");
  folder.write("m.txt", "good\ngood\nbad\n");
  const Json data = {{"root", folder.path().string()}, {"tasks", Json::array({mood_record()})}};
  const DatasetReport report =
      check_dataset(Config::from_json(data), 0, corpus().tokenizer.get(), 6, {.batch_size = 4});
  EXPECT_TRUE(report.problems.empty());
  ASSERT_EQ(report.splits.size(), 2u);
  const SplitReport& train = report.splits[0];
  EXPECT_EQ(train.rows, 6);
  EXPECT_EQ(train.labels[0], (std::pair<std::string, std::int64_t>("bad", 4)));
  EXPECT_EQ(train.labels[2].second, 0);
  EXPECT_EQ(train.empty_texts, 2);
  EXPECT_EQ(train.repeats, 2);
  EXPECT_EQ(train.contradictions, 1);
  EXPECT_EQ(train.shared_texts, (std::vector<std::pair<Split, std::int64_t>>{{Split::test, 1}}));
  EXPECT_EQ(train.lengths, (std::array<std::int32_t, 5>{2, 5, 5, 5, 8}));
  EXPECT_EQ(train.truncated, 1);
  EXPECT_EQ(train.tokens_cut, 2);
  EXPECT_EQ(train.tokens, 5 + 2 + 5 + 2 + 6 + 5);
  EXPECT_EQ(report.steps_per_epoch, 2);
  const std::string text = report.text();
  for (const char* part : {"mood, train: 1 distinct text occurs in test too", "no row has the label \"never\"",
                           "2 empty texts", "steps per epoch: 2", "bad 4, good 2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  const Json json = report.json();
  EXPECT_EQ(json["tasks"]["mood"]["train"]["shared_texts"]["test"], 1);
  EXPECT_EQ(json["tasks"]["mood"]["train"]["labels"]["bad"], 4);
  EXPECT_EQ(json["tasks"]["mood"]["train"]["lengths"]["median"], 5);
}

TEST(ReadDatasets, ReadASectionOncePerSeed) {
  TemporaryFolder folder;
  folder.write("t.txt", "anna loved paris\nboris cried\n");
  folder.write("l.txt", "good\nbad\n");
  folder.write("e.txt", "soup\n");
  folder.write("m.txt", "good\n");
  const Json data = {{"root", folder.path().string()}, {"tasks", Json::array({mood_record()})}};
  ReadDatasets datasets;
  const DatasetReport first = check_dataset(datasets, Config::from_json(data), 0, nullptr, 0, {.batch_size = 2});
  const Dataset& dataset = datasets.load(Config::from_json(data), 0);
  EXPECT_EQ(dataset.split(Split::train).tasks[0].size(), 2U);
  std::filesystem::remove(folder.path() / "t.txt");
  EXPECT_EQ(&datasets.load(Config::from_json(data), 0), &dataset);
  const DatasetReport again = check_dataset(datasets, Config::from_json(data), 0, nullptr, 0, {.batch_size = 1});
  EXPECT_EQ(again.splits[0].rows, first.splits[0].rows);
  EXPECT_EQ(again.steps_per_epoch, 2);
  EXPECT_EQ(check_dataset(datasets, Config::from_json(data), 1, nullptr, 0, {}).problems.size(), 1U) << "another seed";
  EXPECT_THROW(datasets.load(Config::from_json(data), 1), IoError) << "what could not be read whole is no dataset";
}

TEST(DatasetReport, ListsEveryProblem) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "god\nbat\n");
  folder.write("e.txt", "three\n");
  Json twice = mood_record();
  Json broken = mood_record();
  broken["name"] = "broken";
  broken["typo"] = 1;
  const Json data = {{"root", folder.path().string()}, {"tasks", {mood_record(), twice, broken, "gone.json"}}};
  const DatasetReport report = check_dataset(Config::from_json(data), 0, nullptr, 0, {});
  // second mood, typo, gone.json; two labels, the missing m.txt
  EXPECT_EQ(report.problems.size(), 6u) << report.text();
  for (const char* part : {"a second task named", "typo: unknown key", "gone.json", "did you mean \"good\"", "m.txt"}) {
    EXPECT_NE(report.text().find(part), std::string::npos) << part << " in\n" << report.text();
  }
}

TEST(DatasetReport, ReadsOnInARecordWhereTheConfigCollects) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\nbad\n");
  folder.write("e.txt", "three\n");
  folder.write("m.txt", "good\n");
  Json odd = mood_record();
  odd["typo"] = 1;
  odd["unknown_labels"] = "skipp";
  odd["splits"]["test"]["separater"] = ";";
  Json broken = mood_record();
  broken["name"] = "broken";
  broken["labels"] = Json::array({"one"});
  broken["metrics"] = "accuracy";
  const Json data = {{"root", folder.path().string()}, {"tasks", {odd, broken}}, {"max_rows", 7}};
  const Config config = Config::from_json(data);
  config.collect(std::make_shared<Problems>());
  const DatasetReport report = check_dataset(config, 0, nullptr, 0, {});
  EXPECT_TRUE(report.problems.empty()) << report.text();
  const std::vector<std::string>& told = config.problems()->all();
  EXPECT_EQ(told.size(), 6u);
  for (const char* part : {"typo", "unknown_labels", "separater", "at least 2 labels", "metrics", "max_rows"}) {
    EXPECT_EQ(std::count_if(told.begin(), told.end(), [&](const auto& line) { return line.find(part) != line.npos; }),
              1)
        << part;
  }
  ASSERT_EQ(report.tasks.size(), 2u);
  EXPECT_EQ(report.tasks[1].name, "broken");
  EXPECT_EQ(report.splits.size(), 2u);
}

TEST(DatasetReport, NamesLabelsThatTheListLacksAndCountsInTheirNumber) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\n");
  folder.write("l.txt", "good\nbad\nnever\n");
  folder.write("e.txt", "one\nfour\n");
  folder.write("m.txt", "good\nodd\n");
  Json mood = mood_record();
  mood["unknown_labels"] = "wrong";
  const Json data = {{"root", folder.path().string()}, {"tasks", Json::array({mood})}};
  const DatasetReport report = check_dataset(Config::from_json(data), 0, nullptr, 0, {});
  for (const char* note : {"mood, train: 1 distinct text occurs in test too",
                           "mood, test: 1 label is not in the record's list: \"odd\"; no prediction can match it",
                           "mood, test: no row has the label \"bad\" (nor 1 other)"}) {
    EXPECT_EQ(std::count(report.notes.begin(), report.notes.end(), note), 1) << note << " in\n" << report.text();
  }
}

TEST(DatasetReport, WithoutRowsThereAreOnlyProblems) {
  DatasetReport report;
  report.problems = {"gone.json: cannot be opened"};
  EXPECT_EQ(report.text(), "problems (1):\n  gone.json: cannot be opened\n");
}

TEST(DatasetReport, ARecordOfAnUnknownTypeStandsAsATaskThatCanBeChecked) {
  TemporaryFolder folder;
  Json odd = mood_record();
  odd["type"] = "classifcation";
  odd["metric"] = "matthews";
  const Config config = Config::from_json({{"root", folder.path().string()}, {"tasks", Json::array({odd})}});
  config.collect(std::make_shared<Problems>());
  const DatasetReport report = check_dataset(config, 0, nullptr, 0, {});
  ASSERT_EQ(report.problems.size() + config.problems()->all().size(), 1u) << report.text();
  ASSERT_EQ(report.tasks.size(), 1u);
  EXPECT_EQ(report.tasks[0].name, "mood");
  EXPECT_EQ(report.tasks[0].metric.name, "accuracy") << "a task without a metric would be a second problem";
}

TEST(DatasetReport, SaysWhatEachClassWasReadFrom) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\none\n" + std::string(200, 'x') + "\n");
  folder.write("l.txt", "1\n0\n1\n1\ngood\n");
  folder.write("e.txt", "four\n");
  folder.write("m.txt", "bad\n");
  const Json data = {{"root", folder.path().string()}, {"tasks", Json::array({mood_record()})}};
  const DatasetReport report = check_dataset(Config::from_json(data), 0, nullptr, 0, {});
  ASSERT_EQ(report.splits.size(), 2u);
  const ClassRows& good = report.splits[0].classes.at(1);
  EXPECT_EQ(good.label, "good");
  EXPECT_EQ(good.rows, 4);
  EXPECT_EQ(good.written, (std::vector<std::pair<std::string, std::int64_t>>{{"1", 3}, {"good", 1}}));
  ASSERT_EQ(good.examples.size(), 3u);
  EXPECT_EQ(good.examples[1], "three");
  EXPECT_LT(good.examples[2].size(), 90u);
  EXPECT_NE(report.text().find("mood: \"0\" is bad, \"1\" is good\n"), std::string::npos) << report.text();
  EXPECT_NE(report.text().find("mood, test: by the classes' names"), std::string::npos) << report.text();
  EXPECT_EQ(report.text().find("good: 4, written"), std::string::npos) << report.text();
  EXPECT_NE(report.text(true).find("good: 4, written \"1\", \"good\""), std::string::npos) << report.text(true);
  EXPECT_EQ(report.json()["tasks"]["mood"]["train"]["written"]["good"]["1"], 3);
}

TEST(DatasetReport, DescribesEveryKindOfTask) {
  const DatasetReport report = report_dataset(corpus().dataset, corpus().tokenizer.get(), 64, {.batch_size = 32});
  EXPECT_EQ(report.splits.size(), 18u);
  EXPECT_TRUE(report.problems.empty());
  for (const SplitReport& split : report.splits) {
    EXPECT_GT(split.tokens, 0);
    if (split.task == "certainty") {
      EXPECT_GE(split.least, 0.0);
      EXPECT_LE(split.most, 5.0);
    }
    if (split.task == "spans") {
      EXPECT_GT(split.words, 0);
    }
  }
  EXPECT_NE(report.text().find("values 0"), std::string::npos) << report.text();
}

}  // namespace
}  // namespace infomtl
