// Where a record's labels come from: files of Hugging Face, the types of a scheme's tags, the training rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/problems.h"
#include "infomtl/data/dataset.h"
#include "infomtl/metrics/metric.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;
using Names = std::vector<std::string>;

class RecordLabels : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("t.txt", "to new york\nhome\n");
    folder_.write("l.txt", "good\nbad\n");
    folder_.write("tags.txt", "O B-PLACE B-PLACE\nB-DATE\n");
    folder_.write("later.txt", "O B-PLACE I-PLACE\nB-DATE\n");
  }
  static Json mood(const Json& labels) {
    return {{"name", "mood"},
            {"type", "classification"},
            {"labels", labels},
            {"splits", {{"train", {{"text", "t.txt"}, {"label", "l.txt"}}}}}};
  }
  static Json spans(const Json& labels) {
    return {{"name", "spans"},
            {"type", "tagging"},
            {"labels", labels},
            {"splits",
             {{"train", {{"text", "t.txt"}, {"label", "tags.txt"}}},
              {"test", {{"text", "t.txt"}, {"label", "later.txt"}}}}}};
  }
  Config data(const Json& task) const {
    return Config::from_json({{"root", folder_.path().string()}, {"tasks", Json::array({task})}}, "x.json");
  }
  Names labels(const Json& task) const { return load_dataset(data(task), 0).tasks.at(0).labels; }
  template <class E>
  std::string refused(const Json& task) const {
    return message_of<E>([&] { load_dataset(data(task), 0); });
  }
  /// What a check tells of the record, and the task that it goes on with.
  Task checked(const Json& task, Names& told) const {
    const Config config = data(task);
    config.collect(std::make_shared<Problems>());
    std::vector<std::string> problems;
    const Dataset dataset = load_dataset(config, 0, &problems);
    told = config.problems()->all();
    told.insert(told.end(), problems.begin(), problems.end());
    return dataset.tasks.at(0);
  }
  TemporaryFolder folder_;
};

void expect_part(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
}

TEST_F(RecordLabels, OfAHuggingFaceConfigAreInTheOrderOfTheirIds) {
  folder_.write("model/config.json", R"({"model_type": "bert", "id2label": {"1": "good", "0": "bad"}})");
  EXPECT_EQ(labels(mood("model/config.json")), (Names{"bad", "good"}));
  std::string many;
  for (int i = 11; i >= 0; --i)
    many += "\"" + std::to_string(i) + "\": \"n" + std::to_string(i) + "\"" + (i ? "," : "");
  folder_.write("many.json", "{\"id2label\": {" + many + "}}");
  folder_.write("l.txt", "n2\nn10\n");
  const Names twelve = labels(mood("many.json"));
  ASSERT_EQ(twelve.size(), 12U);
  EXPECT_EQ(twelve[2], "n2");
  EXPECT_EQ(twelve[10], "n10") << "by number, not by bytes";
}

TEST_F(RecordLabels, MayBeAnArrayInAJsonFile) {
  folder_.write("names.json", R"(["good", "bad"])");
  EXPECT_EQ(labels(mood("names.json")), (Names{"good", "bad"}));
  folder_.write("names.json", R"(["good", 1])");
  expect_part(refused<ConfigError>(mood("names.json")), "names.json#/1: found 1; a label must be a string");
}

TEST_F(RecordLabels, OfAJsonFileThatHoldsNoneAreRefusedByItsName) {
  const auto told = [&](const std::string& content) {
    folder_.write("c.json", content);
    const std::string message = refused<ConfigError>(mood("c.json"));
    expect_part(message, "x.json#/tasks/0/labels: " + (folder_.path() / "c.json").string());
    return message;
  };
  expect_part(told(R"({"id2label": {"0": "bad", "2": "good"}})"),
              "found the id \"2\" among 2 names; the ids must be 0 to 1, each once");
  for (const char* const id : {"-1", "01", "+1", "1.0", "x", "", " 1", "99999999999999999999"}) {
    expect_part(told(R"({"id2label": {"0": "bad", ")" + std::string(id) + R"(": "good"}})"), "the ids must be 0 to 1");
  }
  expect_part(told(R"({"id2label": {"0": "bad", "1": "bad"}})"), "#/id2label/1: label \"bad\" is listed twice");
  expect_part(told(R"({"id2label": {"0": "bad", "1": 7}})"), "#/id2label/1: found 7; a label must be a string");
  expect_part(told(R"({"id2label": {"0": "bad", "1": ""}})"), "#/id2label/1: a label needs a name");
  expect_part(told(R"({"id2label": {"0": "bad"}})"), "found 1 label; at least 2 labels are needed");
  expect_part(told(R"({"id2label": {}})"), "found 0 labels");
  expect_part(told(R"({"id2label": ["bad", "good"]})"),
              "found \"id2label\": [\"bad\",\"good\"]; a JSON file of labels");
  expect_part(told(R"({"label2id": {"bad": 0}})"), "found an object without \"id2label\"; a JSON file of labels holds");
  expect_part(told("\"bad\""), "found \"bad\"; a JSON file of labels holds an array of names, or an object with");
  folder_.write("c.json", "bad\ngood\n");
  expect_part(refused<FormatError>(mood("c.json")), "c.json:1:1: not valid JSON");
  folder_.write("c.json", R"({"id2label": {"0": "bad", "0": "good"}})");
  expect_part(refused<FormatError>(mood("c.json")), "c.json");
  expect_part(refused<IoError>(mood("nowhere.json")), "nowhere.json: cannot be opened");
}

TEST_F(RecordLabels, OfTypesAreTheWholeTagSetOfTheScheme) {
  const Json types = {{"types", {"PLACE", "DATE"}}};
  EXPECT_EQ(labels(spans(types)), (Names{"O", "B-PLACE", "I-PLACE", "B-DATE", "I-DATE"}));
  const auto of_scheme = [&](const char* scheme) {
    Json task = spans({{"types", {"PLACE"}}});
    task["scheme"] = scheme;
    folder_.write("tags.txt", "O B-PLACE I-PLACE\nO\n");
    folder_.write("later.txt", "O B-PLACE I-PLACE\nO\n");
    return labels(task);
  };
  EXPECT_EQ(of_scheme("BIO"), (Names{"O", "B-PLACE", "I-PLACE"}));
  EXPECT_EQ(of_scheme("IOB1"), (Names{"O", "B-PLACE", "I-PLACE"}));
  EXPECT_EQ(of_scheme("BIOES"), (Names{"O", "B-PLACE", "I-PLACE", "E-PLACE", "S-PLACE"}));
  EXPECT_EQ(of_scheme("BILOU"), (Names{"O", "B-PLACE", "I-PLACE", "L-PLACE", "U-PLACE"}));
}

TEST_F(RecordLabels, OfTypesThatCannotBeTakenAreRefusedAtTheirPlace) {
  const auto told = [&](const Json& value) { return refused<ConfigError>(spans(value)); };
  expect_part(told({{"types", Json::array()}}), "x.json#/tasks/0/labels/types: found an empty list");
  expect_part(told({{"types", {"PLACE", "PLACE"}}}), "labels/types/1: type \"PLACE\" is listed twice");
  expect_part(told({{"types", {"PLACE", ""}}}), "labels/types/1: a type needs a name");
  expect_part(told({{"types", {" PLACE"}}}), "labels/types/0: type \" PLACE\" begins or ends with a blank");
  expect_part(told({{"types", {"PLACE", 3}}}), "labels/types/1: found the number 3");
  expect_part(told({{"types", "PLACE"}}), "labels/types: found the string \"PLACE\"; must be an array");
  expect_part(told({{"types", {"PLACE", "DATE"}}, {"scheme", "BIO"}}), "labels/scheme: unknown key");
  expect_part(
      refused<ConfigError>(mood({{"types", {"PLACE"}}})),
      "labels/types: are those of tags that mark entities; the task's type must be tagging, not classification");
}

TEST_F(RecordLabels, OfAWrongKindNameAllThatIsAllowed) {
  for (const Json& wrong : {Json(3), Json(true), Json(nullptr), Json::object(), Json({{"type", {"PLACE"}}})}) {
    const std::string message = refused<ConfigError>(spans(wrong));
    expect_part(message, "x.json#/tasks/0/labels: found ");
    expect_part(message,
                "must be a list of names, \"auto\", a file of names or, for tagging, {\"types\": [\"PER\", ...]}");
  }
}

TEST_F(RecordLabels, FromDataAreCompletedToASchemeThatTheRecordWrites) {
  Json task = spans("auto");
  expect_part(refused<DataError>(task), "\"I-PLACE\" is not one of B-DATE, B-PLACE, O");
  task["scheme"] = nullptr;  // not written
  expect_part(refused<DataError>(task), "\"I-PLACE\" is not one of B-DATE, B-PLACE, O");
  task["scheme"] = "BIO";
  EXPECT_EQ(labels(task), (Names{"B-DATE", "B-PLACE", "I-DATE", "I-PLACE", "O"})) << "by their bytes";
  folder_.write("tags.txt", "U-PLACE U-PLACE U-PLACE\nU-PLACE\n");
  folder_.write("later.txt", "O B-PLACE L-PLACE\nO\n");
  task["scheme"] = "BILOU";
  EXPECT_EQ(labels(task), (Names{"B-PLACE", "I-PLACE", "L-PLACE", "O", "U-PLACE"}));
  folder_.write("tags.txt", "B B O\nO\n");
  folder_.write("later.txt", "O B I\nO\n");
  task["scheme"] = "BIO";
  EXPECT_EQ(labels(task), (Names{"B", "I", "O"})) << "of the one type without a name";
  folder_.write("tags.txt", "noun verb noun\nnoun\n");
  folder_.write("later.txt", "noun verb noun\nnoun\n");
  EXPECT_EQ(labels(task), (Names{"noun", "verb"})) << "no tags of the scheme";
}

TEST_F(RecordLabels, ThatAreBrokenAreOneProblemOfATaggingTask) {
  Json no_rows = spans("auto");
  no_rows["splits"]["train"]["label"] = "gone.txt";
  Json bilou = no_rows;
  bilou["scheme"] = "BILOU";
  folder_.write("c.json", "{}");
  for (const Json& task : {spans("gone.txt"), spans("c.json"), spans(3), spans({{"types", {"A", "A"}}}),
                           spans({"O", "B-PLACE", "odd", "odd"}), no_rows, bilou}) {
    Names told;
    const Task found = checked(task, told);
    EXPECT_EQ(told.size(), 1U) << task.dump() << ": " << (told.empty() ? "" : told.back());
    EXPECT_NO_THROW(
        build_metric(found.metric.name, {.kind = found.kind, .labels = found.labels, .scheme = found.scheme}))
        << task.dump();
  }
}

TEST_F(RecordLabels, ThatAreBrokenAreNotComparedWithWhatElseTheRecordNames) {
  Json task = mood("gone.txt");
  task["metric"] = {{"name", "subset_f1"}, {"labels", {"for", "against"}}};
  Names told;
  Task found = checked(task, told);
  EXPECT_EQ(told.size(), 1U);
  for (const char* const name : {"for", "against"}) {
    EXPECT_EQ(std::count(found.labels.begin(), found.labels.end(), name), 1) << name;
  }
  task = mood("gone.txt");
  task["type"] = "multi_label";
  task["splits"]["train"] = {{"file", "t.csv"}, {"columns", {{"label", {"x", "y", "z"}}}}};
  checked(task, told);
  EXPECT_EQ(told.size(), 1U) << told.back();
}

}  // namespace
}  // namespace infomtl
