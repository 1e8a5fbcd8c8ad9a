// Sentence accuracy from the evaluation to files and tables, in a run of heads with feedback on an intent and its slots.
#include <fstream>
#include <sstream>

#include "infomtl/core/files.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/trained_run.h"
#include "support/compare.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

/// A corpus whose tagged sentences also say whether they name a person: tasks "intent" and "slots" on the same texts.
Json intent_and_slots(const std::filesystem::path& folder) {
  write_synthetic_corpus(folder, {.rows = 240, .seed = 5});
  Json record = {{"tasks",
                  {{{"name", "intent"}, {"type", "classification"}, {"labels", {"nobody", "somebody"}}},
                   {{"name", "slots"},
                    {"type", "tagging"},
                    {"labels", {"O", "B-person", "I-person", "B-item", "I-item", "B-place", "I-place"}}}}}};
  for (const std::string split : {"train", "validation", "test"}) {
    std::istringstream tags(read_file(folder / "spans" / (split + "_labels.txt")));
    std::ofstream intents(folder / "spans" / (split + "_intents.txt"));
    for (std::string line; std::getline(tags, line);) {
      intents << (line.find("B-person") == std::string::npos ? "nobody" : "somebody") << "\n";
    }
    record["splits"][split] = {
        {"text", "spans/" + split + "_text.txt"},
        {"label", {{"intent", "spans/" + split + "_intents.txt"}, {"slots", "spans/" + split + "_labels.txt"}}}};
  }
  return {{"encoder", {{"path", "encoder"}, {"pooling", "first"}, {"max_length", 64}}},
          {"data", {{"root", "."}, {"tasks", {record}}}},
          {"device", "cpu"},
          {"head", {{"name", "feedback"}, {"rounds", 2}}},
          {"losses", {"supervised", {{"name", "feedback_convergence"}, {"weight", 0.1}}}},
          {"optimizer", {{"name", "adamax"}, {"learning_rate", 0.01}}},
          {"training", {{"epochs", 3}, {"batch_size", 12}, {"regime", "joint"}}}};
}

TEST(SentenceAccuracy, StandsInResultsAndTables) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "run.json") << intent_and_slots(folder.path()).dump(2);
  const auto output = folder.path() / "run";
  const Results results =
      infomtl::Run::from_config(folder.path() / "run.json", ExperimentOptions{.output = output}).fit();
  ASSERT_TRUE(results.joint.contains("intent+slots"));
  const auto& whole = results.joint.at("intent+slots");
  for (const char* split : {"validation", "test"}) {
    ASSERT_TRUE(whole.contains(split));
    EXPECT_GE(whole.at(split), 0);
    EXPECT_LE(whole.at(split), results.tasks[0].second.score.at(split)) << "no text is right without its intent";
  }
  const Json json = Json::parse(read_file(output / "results.json"));
  EXPECT_EQ(json["joint"]["intent+slots"]["sentence_accuracy"]["test"], whole.at("test"));
  EXPECT_NE(results.table().find("\nintent+slots  sentence_accuracy"), std::string::npos) << results.table();
  TrainedRun trained = TrainedRun::load(output);
  EXPECT_DOUBLE_EQ(trained.evaluate("test").joint.at("intent+slots").at("test"), whole.at("test"));
  EXPECT_EQ(trained.evaluate("train").joint.at("intent+slots").size(), 1U);
  // A text to predict is read as those of training were: what the slots' head says of its words reaches the intent.
  std::istringstream texts(read_file(folder.path() / "spans" / "test_text.txt"));
  std::istringstream intents(read_file(folder.path() / "spans" / "test_intents.txt"));
  double right = 0, rows = 0;
  for (std::string text, intent; std::getline(texts, text) && std::getline(intents, intent); ++rows) {
    right += trained.predict("intent", {{text, ""}})[0]["label"] == intent ? 1 : 0;
  }
  EXPECT_NEAR(right / rows, results.tasks[0].second.score.at("test"), 1e-12);
  EXPECT_TRUE(score_split(output, "train").joint.at("intent+slots").contains("train"));
  EXPECT_TRUE(
      Json::parse(read_file(output / "results.json"))["joint"]["intent+slots"]["sentence_accuracy"].contains("train"));
}

}  // namespace
}  // namespace infomtl
