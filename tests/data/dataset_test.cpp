// Task records and what they load: labels, shared texts, subsets, every mistake in words.
#include "infomtl/data/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;
using Classes = std::vector<std::int32_t>;

Json classification(const std::string& name = "mood") {
  return {{"name", name},
          {"type", "classification"},
          {"labels", {"bad", "good"}},
          {"metric", "accuracy"},
          {"splits", {{"train", {{"text", "t.txt"}, {"label", "l.txt"}}}}}};
}

Dataset load(const TemporaryFolder& folder, const std::vector<Json>& tasks, Json more = Json::object(),
             std::uint64_t seed = 0, std::vector<std::string>* problems = nullptr) {
  Json data = {{"root", folder.path().string()}, {"tasks", Json(tasks)}};
  data.update(more);
  return load_dataset(Config::from_json({{"data", data}}, "x.json").object("data"), seed, problems);
}

TEST(Labels, NamesAndIndicesAreBothAccepted) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\n");
  folder.write("l.txt", "good\n0\r\n 1\n");
  const Dataset dataset = load(folder, {classification()});
  EXPECT_EQ(dataset.split(Split::train).tasks[0].classes, (Classes{1, 0, 1}));
  EXPECT_EQ(dataset.tasks[0].train_rows, 3);
}

TEST(Labels, NamesThatAreNumbersAreNeverReadAsIndices) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "1\n2\n");
  Json task = classification();
  task["labels"] = {"1", "2"};
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].classes, (Classes{0, 1}));
  folder.write("l.txt", "1\n0\n");
  message_of<DataError>([&] { load(folder, {task}); });
}

TEST(Labels, OneNameThatIsANumberIsEnoughForThat) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "2\nother\n");
  Json task = classification();
  task["labels"] = {"1", "2", "other"};
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].classes, (Classes{1, 2}));
  folder.write("l.txt", "0\nother\n");
  message_of<DataError>([&] { load(folder, {task}); });
}

TEST(Labels, NamesThatAreNumbersOfAnyKindLeaveNoRoomForIndices) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\n");
  folder.write("l.txt", "1\n");
  for (const Json& names :
       {Json{"+1", "-1"}, Json{"-1", "neutral"}, Json{"1.0", "2.0"}, Json{"01", "00"}, Json{"1e0", "x"}}) {
    Json task = classification();
    task["labels"] = names;
    message_of<DataError>([&] { load(folder, {task}); });
  }
  Json task = classification();
  task["labels"] = {"0/5", "5th"};  // which are none
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].classes, (Classes{1}));
}

TEST(Labels, SignsLeadingZerosAndFractionsAreNoIndices) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\n");
  for (const char* const label : {"+1", "-1", "-0", "01", "1.0", "2", "1e0", "true"}) {
    folder.write("l.txt", std::string(label) + "\n");
    message_of<DataError>([&] { load(folder, {classification()}); });
  }
}

TEST(Labels, AnUnknownLabelNamesFileLineValueAndTheNearestName) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\ngod\n");
  const std::string message = message_of<DataError>([&] { load(folder, {classification()}); });
  EXPECT_EQ(message, "task mood, train: " + (folder.path() / "l.txt").string() +
                         ":2: label \"god\" is not one of bad, good, nor an index 0 to 1; did you mean \"good\"?");
  folder.write("l.txt", "good\n2\n");
  EXPECT_NE(message_of<DataError>([&] { load(folder, {classification()}); }).find("label \"2\""), std::string::npos);
  folder.write("l.txt", "good\n-1\n");
  message_of<DataError>([&] { load(folder, {classification()}); });
  std::string accents = "x";
  for (int i = 0; i < 70; ++i) accents += "é";
  folder.write("l.txt", "good\n" + accents + "\n");
  const std::string shortened = message_of<DataError>([&] { load(folder, {classification()}); });
  EXPECT_EQ(find_invalid_utf8(shortened), std::string_view::npos) << "cut inside a character";
  EXPECT_NE(shortened.find("é…\" is not one of"), std::string::npos) << shortened;
}

TEST(Labels, ALongListOfLabelsIsShownInPart) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\n");
  folder.write("l.txt", "zzzzzzzz\n");
  Json task = classification();
  task["labels"] = {"aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"};
  const std::string message = message_of<DataError>([&] { load(folder, {task}); });
  EXPECT_NE(message.find("is not one of aa, bb, cc, dd, ee, ff, ... (8 labels)"), std::string::npos) << message;
  EXPECT_EQ(message.find("unknown_labels"), std::string::npos) << "in training nothing lets it pass: " << message;
}

TEST(Labels, ValuesOutsideTheRangeAreToldOnceAndSummedUp) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\nfour\n");
  folder.write("l.txt", "0.5\n3\n0.25\n0.75\n");
  Json task = classification();
  task.erase("labels");
  task.erase("metric");
  task["type"] = "regression";
  task["range"] = {1, 5};
  std::vector<std::string> problems;
  load(folder, {task}, Json::object(), 0, &problems);
  ASSERT_EQ(problems.size(), 2u) << problems.front();
  EXPECT_NE(problems[0].find("l.txt:1: 0.5 is outside the record's \"range\", >= 1 and <= 5"), std::string::npos)
      << problems[0];
  EXPECT_NE(problems[1].find("l.txt: 3 values are outside the record's \"range\"; they are >= 0.25 and <= 0.75"),
            std::string::npos)
      << problems[1];
}

TEST(Labels, AutoTakesThoseOfTheTrainingRows) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\n");
  folder.write("l.txt", "good\n bad\r\ngood\n");
  folder.write("v.txt", "bad\nunseen\ngood\n");
  Json task = classification();
  task["labels"] = "auto";
  const Dataset dataset = load(folder, {task});
  EXPECT_EQ(dataset.tasks[0].labels, (std::vector<std::string>{"bad", "good"}));
  EXPECT_EQ(dataset.split(Split::train).tasks[0].classes, (Classes{1, 0, 1}));
  task["splits"]["validation"] = {{"text", "t.txt"}, {"label", "v.txt"}};
  const std::string unseen = message_of<DataError>([&] { load(folder, {task}); });
  EXPECT_NE(unseen.find("\"unseen\" is not one of bad, good"), std::string::npos) << unseen;
  EXPECT_NE(unseen.find("\"unknown_labels\" in the record: \"wrong\" keeps"), std::string::npos)
      << "the cure: " << unseen;
  folder.write("l.txt", "10\n9\n-1\n");
  task = classification();
  task["labels"] = "auto";
  EXPECT_EQ(load(folder, {task}).tasks[0].labels, (std::vector<std::string>{"-1", "9", "10"})) << "numbers by value";
  folder.write("l.txt", "good\ngood\ngood\n");
  const std::string one = message_of<DataError>([&] { load(folder, {task}); });
  EXPECT_NE(one.find("found 1 label, \"good\", in the training rows of "), std::string::npos) << one;
  EXPECT_NE(one.find("l.txt; at least 2 are needed"), std::string::npos) << one;
  task["splits"]["train"] = {{"file", "none.tsv"}, {"header", false}, {"columns", {{"text", 0}, {"label", 1}}}};
  folder.write("none.tsv", "");
  const std::string none = message_of<DataError>([&] { load(folder, {task}); });
  EXPECT_NE(none.find("none.tsv"), std::string::npos) << none;
  EXPECT_NE(none.find("is empty"), std::string::npos) << none;

  folder.write("tags.txt", "O B-x\nO\nO I-x O\n");
  folder.write("t.txt", "a b\nc\nd e f\n");
  task = {{"name", "tags"},
          {"type", "tagging"},
          {"labels", "auto"},
          {"splits", {{"train", {{"text", "t.txt"}, {"label", "tags.txt"}}}}}};
  EXPECT_EQ(load(folder, {task}).tasks[0].labels, (std::vector<std::string>{"B-x", "I-x", "O"}));
  folder.write("sets.jsonl", R"({"text": "a", "label": ["x", "y"]}
{"text": "b", "label": []}
)");
  task = {
      {"name", "sets"}, {"type", "multi_label"}, {"labels", "auto"}, {"splits", {{"train", {{"file", "sets.jsonl"}}}}}};
  EXPECT_EQ(load(folder, {task}).tasks[0].labels, (std::vector<std::string>{"x", "y"}));
}

TEST(Labels, MayStandInAFile) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\nbad\n");
  folder.write("names.txt", "bad\ngood\n");
  Json task = classification();
  task["labels"] = "names.txt";
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].classes, (Classes{1, 0}));
  folder.write("names.txt", "bad\n\ngood\n");
  EXPECT_NE(message_of<ConfigError>([&] { load(folder, {task}); }).find("names.txt:2: a label needs a name"),
            std::string::npos);
  folder.write("names.txt", "bad\ngood\nbad\n");
  EXPECT_NE(message_of<ConfigError>([&] { load(folder, {task}); }).find("names.txt:3: label \"bad\" is listed twice"),
            std::string::npos);
  task["labels"] = "nowhere.txt";
  message_of<UserError>([&] { load(folder, {task}); });
}

TEST(Labels, UnknownOnesInEvaluationAreWhatTheRecordSays) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\nbad\n");
  folder.write("v.txt", "good\nunseen\n");
  Json task = classification();
  task["splits"]["validation"] = {{"text", "t.txt"}, {"label", "v.txt"}};
  message_of<DataError>([&] { load(folder, {task}); });
  task["unknown_labels"] = "wrong";
  EXPECT_EQ(load(folder, {task}).split(Split::validation).tasks[0].classes, (Classes{1, kUnknownLabel}));
  task["unknown_labels"] = "skip";
  const Dataset skipped = load(folder, {task});
  EXPECT_EQ(skipped.split(Split::validation).tasks[0].classes, (Classes{1}));
  EXPECT_EQ(skipped.split(Split::validation).texts.size(), 1u);
  folder.write("l.txt", "good\nunseen\n");  // never in training
  message_of<DataError>([&] { load(folder, {task}); });
}

TEST(Labels, RegressionTakesFiniteNumbersInRange) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  Json task = classification();
  task["type"] = "regression";
  task.erase("labels");
  task["range"] = {0, 5};
  folder.write("l.txt", "2.5\n5\n");
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].values, (std::vector<float>{2.5F, 5.0F}));
  for (const char* bad : {"nan\n1\n", "inf\n1\n", "1,5\n1\n", "5.01\n1\n", "x\n1\n", "1 2\n1\n", "1e999\n1\n"}) {
    folder.write("l.txt", bad);
    EXPECT_NE(message_of<DataError>([&] { load(folder, {task}); }).find("l.txt:1: "), std::string::npos);
  }
}

TEST(Labels, AreCountedInTheTrainingRows) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree four\n");
  folder.write("l.txt", "good\ngood\nbad\n");
  using Counts = std::vector<std::int64_t>;
  EXPECT_EQ(load(folder, {classification()}).tasks[0].label_counts, (Counts{1, 2}));
  Json task = classification();
  task["type"] = "tagging";
  folder.write("l.txt", "good\ngood\nbad good\n");
  EXPECT_EQ(load(folder, {task}).tasks[0].label_counts, (Counts{1, 3})) << "words";
}

TEST(Labels, ATagSchemeIsForTaggingTasks) {
  TemporaryFolder folder;
  folder.write("t.txt", "to boston\n");
  folder.write("l.txt", "O U-city\n");
  Json task = classification();
  task["scheme"] = "BILOU";
  EXPECT_NE(message_of<ConfigError>([&] { load(folder, {task}); }).find("scheme"), std::string::npos);
  task["type"] = "tagging";
  task["labels"] = {"O", "U-city"};
  EXPECT_EQ(load(folder, {task}).tasks[0].scheme, TagScheme::bilou);
  task["scheme"] = "BILUO";
  EXPECT_NE(message_of<ConfigError>([&] { load(folder, {task}); }).find("did you mean \"BILOU\"?"), std::string::npos);
}

TEST(Labels, TagsMustMatchWordsOneToOne) {
  TemporaryFolder folder;
  folder.write("t.txt", "fly to  boston \n");
  Json task = classification();
  task["type"] = "tagging";
  task["labels"] = {"O", "B-city"};
  folder.write("l.txt", "O O B-city\n");
  const Dataset dataset = load(folder, {task});
  const SplitData& train = dataset.split(Split::train);
  EXPECT_EQ(train.tasks[0].classes, (Classes{0, 0, 1}));
  EXPECT_EQ(train.tasks[0].label_offsets, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(train.texts.words[2].begin, 8);
  folder.write("l.txt", "O O\n");
  EXPECT_NE(message_of<DataError>([&] { load(folder, {task}); }).find("l.txt:1: 2 tags for 3 words"),
            std::string::npos);
}

TEST(Sources, DifferentLineCountsEmptySplitsAndMissingFilesAreErrors) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\n");
  EXPECT_NE(message_of<DataError>([&] { load(folder, {classification()}); }).find("l.txt: 1 lines, but "),
            std::string::npos);
  folder.write("t.txt", "");
  folder.write("l.txt", "");
  EXPECT_NE(message_of<DataError>([&] {
              load(folder, {classification()});
            }).find("task mood: the train split has no labelled row"),
            std::string::npos);
  std::filesystem::remove(folder.path() / "l.txt");
  EXPECT_NE(message_of<IoError>([&] { load(folder, {classification()}); }).find("l.txt"), std::string::npos);
  std::filesystem::create_directory(folder.path() / "l.txt");
  message_of<IoError>([&] { load(folder, {classification()}); });
  std::filesystem::remove(folder.path() / "l.txt");
  folder.write("t.txt", "one\n\xFF\n");
  folder.write("l.txt", "good\nbad\n");
  EXPECT_NE(message_of<DataError>([&] { load(folder, {classification()}); }).find("t.txt:2:1: not UTF-8"),
            std::string::npos);
}

TEST(Sources, SeveralFilesOfASplitFollowEachOther) {
  TemporaryFolder folder;
  folder.write("a.txt", "a1\na2\n");
  folder.write("la.txt", "0\n1\n");
  folder.write("b.txt", "b1\n");
  folder.write("lb.txt", "1\n");
  Json task = classification();
  for (const Json& train :
       {Json::parse(R"({"text": ["a.txt", "b.txt"], "label": ["la.txt", "lb.txt"]})"),
        Json::parse(R"([{"text": "a.txt", "label": "la.txt"}, {"text": "b.txt", "label": "lb.txt"}])")}) {
    task["splits"]["train"] = train;
    const Dataset dataset = load(folder, {task});
    EXPECT_EQ(dataset.split(Split::train).tasks[0].classes, (Classes{0, 1, 1}));
    EXPECT_EQ(dataset.split(Split::train).texts.first[2], "b1");
  }
  task["splits"]["train"] =
      Json::parse(R"([{"text": "a.txt", "label": "la.txt"}, {"text": "a.txt", "label": "la.txt"}])");
  message_of<ConfigError>([&] { load(folder, {task}); });
  task["splits"]["train"] = Json::parse(R"({"text": ["a.txt", "b.txt"], "label": "la.txt"})");
  message_of<ConfigError>([&] { load(folder, {task}); });
}

TEST(Sources, PartsOfOneFileAreDisjointAndCoverIt) {
  TemporaryFolder folder;
  std::string texts;
  std::string labels;
  for (int i = 0; i < 101; ++i) {
    texts += "row " + std::to_string(i) + "\n";
    labels += std::to_string(i % 2) + "\n";
  }
  folder.write("t.txt", texts);
  folder.write("l.txt", labels);
  Json task = classification();
  const auto part = [](double from, double to) {
    return Json{{"text", "t.txt"}, {"label", "l.txt"}, {"part", {{"from", from}, {"to", to}, {"seed", 5}}}};
  };
  task["splits"] = {{"train", part(0, 0.8)}, {"validation", part(0.8, 0.9)}, {"test", part(0.9, 1)}};
  const Dataset dataset = load(folder, {task});
  std::set<std::string> seen;
  std::size_t rows = 0;
  for (const Split split : kSplits) {
    const SplitData& data = dataset.split(split);
    for (std::size_t i = 0; i < data.texts.size(); ++i) {
      const std::string text(data.texts.first[i]);
      seen.insert(text);
      EXPECT_EQ(std::stoi(text.substr(4)) % 2, data.tasks[0].classes[i]);
    }
    rows += data.texts.size();
  }
  EXPECT_EQ(rows, 101u);
  EXPECT_EQ(seen.size(), 101u);
  EXPECT_EQ(dataset.split(Split::train).texts.size(), 81u);
}

TEST(Sharing, TasksOfOneFileReadEachTextOnceAndMayLackLabels) {
  TemporaryFolder folder;
  folder.write("x.tsv", "sentence\tintent\tscore\nfly home\tgo\t1.5\nhello\tgreet\t\nfly away\t\t2\nnothing\t\t\n");
  const Json record = Json::parse(R"({"splits": {"train": {"file": "x.tsv",
      "columns": {"text": "sentence", "label": {"intent": "intent", "score": "score"}}}},
    "tasks": [{"name": "intent", "type": "classification", "labels": ["go", "greet"]},
              {"name": "score", "type": "regression"}]})");
  const Dataset dataset = load(folder, {record});
  const SplitData& train = dataset.split(Split::train);
  EXPECT_EQ(train.texts.size(), 3u) << "the row without any label is dropped";
  EXPECT_EQ(train.tasks[0].sequences, (Classes{0, 1}));
  EXPECT_EQ(train.tasks[1].sequences, (Classes{0, 2}));
  EXPECT_EQ(train.tasks[1].values, (std::vector<float>{1.5F, 2.0F}));
  EXPECT_EQ(groups_sharing_texts(train), (std::vector<std::vector<std::size_t>>{{0, 1}}));
}

TEST(Sharing, TwoRecordsThatNameTheSameTextsShareThem) {
  TemporaryFolder folder;
  folder.write("seq.in", "fly to boston\nhello there\n");
  folder.write("label", "go\ngreet\n");
  folder.write("seq.out", "O O B-city\nO O\n");
  folder.write("other.txt", "alone\n");
  folder.write("other.l", "0\n");
  const Json intent = Json::parse(R"({"name": "intent", "type": "classification", "labels": ["go", "greet"],
      "splits": {"train": {"text": "seq.in", "label": "label"}}})");
  const Json slots = Json::parse(R"({"name": "slots", "type": "tagging", "labels": ["O", "B-city"],
      "splits": {"train": {"text": "./seq.in", "label": "seq.out"}}})");
  Json other = classification("other");
  other["splits"]["train"] = {{"text", "other.txt"}, {"label", "other.l"}};
  const Dataset dataset = load(folder, {intent, other, slots});
  const SplitData& train = dataset.split(Split::train);
  EXPECT_EQ(train.texts.size(), 3u);
  EXPECT_EQ(train.tasks[0].sequences, train.tasks[2].sequences);
  EXPECT_EQ(groups_sharing_texts(train), (std::vector<std::vector<std::size_t>>{{0, 2}, {1}}));
}

TEST(Sharing, AMissingLabelOfALoneTaskIsAnErrorUnlessAllowed) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\n");
  folder.write("l.txt", "good\n\n");
  EXPECT_NE(message_of<DataError>([&] { load(folder, {classification()}); }).find("l.txt:2: no label"),
            std::string::npos);
  Json task = classification();
  task["missing_labels"] = "skip";
  EXPECT_EQ(load(folder, {task}).split(Split::train).tasks[0].size(), 1u);
}

struct Balanced {
  TemporaryFolder folder;
  Json task = classification();
  Balanced() {
    std::string texts;
    std::string labels;
    for (int i = 0; i < 1000; ++i) {
      texts += "row " + std::to_string(i) + "\n";
      labels += (i < 900 ? "0\n" : "1\n");
    }
    folder.write("t.txt", texts);
    folder.write("l.txt", labels);
  }
  std::set<std::string> rows(const Json& more, std::uint64_t seed) const {
    const Dataset dataset = load(folder, {task}, more, seed);
    const SplitData& train = dataset.split(Split::train);
    std::set<std::string> result;
    for (std::size_t i = 0; i < train.texts.size(); ++i) result.emplace(train.texts.first[i]);
    return result;
  }
};

TEST(Subset, KeepsClassSharesAndIsAFunctionOfTheSeed) {
  const Balanced data;
  const Dataset dataset = load(data.folder, {data.task}, {{"train_fraction", 0.2}}, 3);
  const TaskRows& rows = dataset.split(Split::train).tasks[0];
  EXPECT_EQ(rows.size(), 200u);
  EXPECT_EQ(std::count(rows.classes.begin(), rows.classes.end(), 1), 20);
  EXPECT_EQ(data.rows({{"train_fraction", 0.2}}, 3), data.rows({{"train_fraction", 0.2}}, 3));
  EXPECT_NE(data.rows({{"train_fraction", 0.2}}, 3), data.rows({{"train_fraction", 0.2}}, 4));
  EXPECT_EQ(data.rows({{"max_train_rows", 10}}, 3).size(), 10u);
  EXPECT_EQ(data.rows({{"max_train_rows", nullptr}}, 3).size(), 1000u);
}

TEST(Subset, SmallerOnesAreContainedInLargerOnes) {
  const Balanced data;
  const auto small = data.rows({{"max_train_rows", 37}}, 1);
  const auto large = data.rows({{"max_train_rows", 120}}, 1);
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(LabelNoise, GivesThatManyRowsAnotherClassAndTouchesNothingElse) {
  const Balanced data;  // has no test split
  const auto classes = [&](double noise, std::uint64_t seed) {
    return load(data.folder, {data.task}, {{"label_noise", noise}}, seed).split(Split::train).tasks[0].classes;
  };
  const auto clean = classes(0, 3);
  const auto changed = [&](double noise, std::uint64_t seed) {
    const auto noisy = classes(noise, seed);
    std::set<std::size_t> rows;
    for (std::size_t i = 0; i < clean.size(); ++i) {
      if (noisy[i] != clean[i]) rows.insert(i);
    }
    return rows;
  };
  const auto some = changed(0.2, 3), more = changed(0.5, 3);
  EXPECT_EQ(some.size(), static_cast<std::size_t>(std::llround(0.2 * static_cast<double>(clean.size()))));
  EXPECT_TRUE(std::includes(more.begin(), more.end(), some.begin(), some.end()));
  EXPECT_EQ(some, changed(0.2, 3));
  EXPECT_NE(some, changed(0.2, 4));
  EXPECT_EQ(changed(1.0, 3).size(), clean.size());
  message_of<ConfigError>([&] { classes(1.5, 3); });
}

TEST(Subset, BoundsAreChecked) {
  const Balanced data;
  message_of<ConfigError>([&] { data.rows({{"train_fraction", 0}}, 1); });
  message_of<ConfigError>([&] { data.rows({{"train_fraction", 1.5}}, 1); });
  message_of<ConfigError>([&] { data.rows({{"max_train_rows", 0}}, 1); });
  message_of<ConfigError>([&] { data.rows({{"max_train_row", 5}}, 1); });
}

TEST(Records, MistakesAreNamedByPlace) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\n");
  folder.write("l.txt", "good\n");
  const auto broken = [&](const std::function<void(Json&)>& change) {
    Json task = classification();
    change(task);
    return message_of<ConfigError>([&] { load(folder, {task}); });
  };
  EXPECT_NE(broken([](Json& t) { t["lables"] = 1; }).find("x.json#/data/tasks/0/lables: unknown key"),
            std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["type"] = "clasification"; }).find("did you mean \"classification\""),
            std::string::npos);
  EXPECT_NE(broken([](Json& t) { t.erase("type"); }).find("type: missing"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t.erase("labels"); }).find("labels: missing"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["labels"] = {"a", "a"}; }).find("listed twice"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["labels"] = {"a"}; }).find("at least 2"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["type"] = "pair_classification"; }).find("text_pair"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["splits"]["train"]["lable"] = "x"; }).find("splits/train/lable: unknown key"),
            std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["splits"]["valid"] = Json::object(); }).find("splits/valid: unknown key"),
            std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["splits"].erase("train"); }).find("train"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["name"] = "a/b"; }).find("name"), std::string::npos);
  EXPECT_NE(broken([](Json& t) { t["splits"]["train"] = {{"file", "x.dat"}}; }).find("format"), std::string::npos);
  EXPECT_NE(broken([](Json& t) {
              t["splits"]["train"] = {{"file", "x.csv"}, {"columns", {{"text", "0"}, {"label", "1"}}}};
            }).find("\"0\" may be a name or a number"),
            std::string::npos);
  EXPECT_NE(message_of<ConfigError>([&] {
              load(folder, {classification(), classification()});
            }).find("a second task named"),
            std::string::npos);
}

TEST(Records, FilesResolveAgainstTheRootOrTheRecordItself) {
  TemporaryFolder folder;
  folder.write("tasks/t.txt", "one\n");
  folder.write("tasks/l.txt", "good\n");
  folder.write("tasks/mood.json", classification().dump());
  folder.write("x.json", R"({"data": {"tasks": ["tasks/mood.json"]}})");
  EXPECT_EQ(load_dataset(Config::from_file(folder.path() / "x.json").object("data"), 0).tasks[0].name, "mood");
  folder.write("y.json",
               R"({"data": {"root": "elsewhere", "tasks": [{"record": "tasks/mood.json", "root": "tasks"}]}})");
  EXPECT_EQ(load_dataset(Config::from_file(folder.path() / "y.json").object("data"), 0).tasks[0].train_rows, 1);
  folder.write("z.json", R"({"data": {"root": "elsewhere", "tasks": ["tasks/mood.json"]}})");
  message_of<IoError>([&] { load_dataset(Config::from_file(folder.path() / "z.json").object("data"), 0); });
}

TEST(Problems, AllAreListedAndTheGoodRowsKept) {
  TemporaryFolder folder;
  folder.write("t.txt", "one\ntwo\nthree\n");
  folder.write("l.txt", "good\nwhat\nthat\n");
  Json gone = classification("gone");
  gone["splits"]["train"]["text"] = "gone.txt";
  std::vector<std::string> problems;
  const Dataset dataset = load(folder, {classification(), gone}, Json::object(), 0, &problems);
  EXPECT_EQ(problems.size(), 3u);  // two labels, a missing file: that its task has no rows needs no saying
  EXPECT_EQ(dataset.split(Split::train).tasks[0].size(), 1u);
}

}  // namespace
}  // namespace infomtl
