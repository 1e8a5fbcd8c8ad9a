// One split of a dataset, read without the files of the others.
#include <gtest/gtest.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/dataset.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;

class LoadSplit : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const Split split : kSplits) {
      std::string texts, labels;
      for (int i = 0; i < 30; ++i) {
        texts += std::string(split_name(split)) + " " + std::to_string(i) + "\n";
        labels += i % 3 == 0 ? "bad\n" : "good\n";
      }
      folder_.write(file(split, "text"), texts);
      folder_.write(file(split, "label"), labels);
    }
  }
  static std::string file(Split split, const std::string& what) { return std::string(split_name(split)) + "." + what; }
  Config data() const {
    Json record = {{"name", "mood"}, {"type", "classification"}, {"labels", "auto"}};
    for (const Split split : kSplits) {
      record["splits"][std::string(split_name(split))] = {{"text", file(split, "text")},
                                                          {"label", file(split, "label")}};
    }
    return Config::from_json({{"root", folder_.path().string()},
                              {"tasks", {record}},
                              {"max_test_rows", 11},
                              {"max_train_rows", 20},
                              {"label_noise", 0.25},
                              {"leave_out", {{"rows", {{"mood", {4, 9}}}}}}},
                             "x.json");
  }
  TemporaryFolder folder_;
};

TEST_F(LoadSplit, HasTheRowsOfTheWholeDatasetAndOpensNoOtherFile) {
  constexpr std::uint64_t kSeed = 5;
  const Dataset whole = load_dataset(data(), kSeed);
  for (const Split split : kSplits) {
    for (const Split other : kSplits) {
      if (other == split) continue;
      std::filesystem::rename(folder_.path() / file(other, "text"), folder_.path() / (file(other, "text") + ".away"));
    }
    const Dataset one = load_split(data(), whole.tasks, split, kSeed);
    EXPECT_EQ(fingerprint(one.split(split)), fingerprint(whole.split(split))) << split_name(split);
    EXPECT_EQ(one.split(split).tasks[0].numbers, whole.split(split).tasks[0].numbers) << split_name(split);
    for (const Split other : kSplits) {
      if (other == split) continue;
      EXPECT_EQ(one.split(other).tasks.at(0).size(), 0U);
      EXPECT_NE(message_of<IoError>([&] { load_split(data(), whole.tasks, other, kSeed); }).find("cannot be opened"),
                std::string::npos);
      std::filesystem::rename(folder_.path() / (file(other, "text") + ".away"), folder_.path() / file(other, "text"));
    }
  }
}

TEST_F(LoadSplit, NamesATaskWithoutARecord) {
  std::vector<Task> tasks = load_dataset(data(), 0).tasks;
  tasks.front().name = "tone";
  EXPECT_NE(
      message_of<ConfigError>([&] { load_split(data(), tasks, Split::test, 0); }).find("no task \"tone\" is left"),
      std::string::npos);
}

}  // namespace
}  // namespace infomtl
