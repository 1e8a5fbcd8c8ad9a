// Rows that a file leaves out of training.
#include <gtest/gtest.h>

#include <algorithm>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/dataset.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;
using Numbers = std::vector<std::int32_t>;

/// Two tasks that label the same six texts; the second lacks a label of the second text.
class LeaveOut : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("t.txt", "one\ntwo\nthree\nfour\nfive\nsix\n");
    folder_.write("mood.txt", "0\n1\n0\n1\n0\n1\n");
    folder_.write("tone.txt", "0\n\n1\n1\n0\n1\n");
  }
  Dataset load(const Json& leave_out, Json more = Json::object()) {
    const auto record = [](const char* name, const char* labels) {
      return Json{{"name", name},
                  {"type", "classification"},
                  {"labels", {"bad", "good"}},
                  {"missing_labels", "skip"},
                  {"splits", {{"train", {{"text", "t.txt"}, {"label", labels}}}}}};
    };
    Json data = {{"root", folder_.path().string()},
                 {"tasks", {record("mood", "mood.txt"), record("tone", "tone.txt")}}};
    if (!leave_out.is_null()) data["leave_out"] = leave_out;
    data.update(more);
    return load_dataset(Config::from_json({{"data", data}}, "x.json").object("data"), 0);
  }
  std::string file_of(const Json& json) {
    folder_.write("out.json", json.dump());
    return (folder_.path() / "out.json").string();
  }
  TemporaryFolder folder_;
};

TEST_F(LeaveOut, RowsAreCountedAmongTheLabelledOnes) {
  const Dataset all = load(nullptr);
  EXPECT_EQ(all.split(Split::train).tasks[0].numbers, (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(all.split(Split::train).tasks[1].numbers, (Numbers{1, 2, 3, 4, 5}));
  const Dataset some = load(file_of({{"about", "two rows"}, {"rows", {{"mood", {2}}, {"tone", {2}}}}}));
  const SplitData& train = some.split(Split::train);
  EXPECT_EQ(train.tasks[0].numbers, (Numbers{1, 3, 4, 5, 6}));
  EXPECT_EQ(train.tasks[0].classes, (Numbers{0, 0, 1, 0, 1}));
  EXPECT_EQ(train.tasks[1].numbers, (Numbers{1, 3, 4, 5}));
  EXPECT_EQ(train.tasks[1].classes, (Numbers{0, 1, 0, 1}));
  EXPECT_EQ(some.tasks[0].train_rows, 5);
  // The second text is nobody's now, the third still mood's.
  ASSERT_EQ(train.texts.size(), 5U);
  EXPECT_EQ(train.texts.first[1], "three");
  EXPECT_EQ(train.tasks[1].sequences, (Numbers{0, 2, 3, 4}));
  EXPECT_NE(fingerprint(train), fingerprint(all.split(Split::train)));
}

TEST_F(LeaveOut, ComesAfterSubsetsAndNoise) {
  const Json half = {{"train_fraction", 0.5}, {"label_noise", 0.4}};
  const Dataset all = load(nullptr, half);
  const Numbers kept = all.split(Split::train).tasks[0].numbers;
  ASSERT_EQ(kept.size(), 3U);
  const Dataset fewer = load({{"rows", {{"mood", {kept[1]}}}}}, half);
  const TaskRows &before = all.split(Split::train).tasks[0], &after = fewer.split(Split::train).tasks[0];
  EXPECT_EQ(after.numbers, (Numbers{kept[0], kept[2]}));
  EXPECT_EQ(after.classes, (Numbers{before.classes[0], before.classes[2]})) << "the same labels are flipped";
  Numbers dropped;
  for (std::int32_t row = 1; row <= 6; ++row) {
    if (std::find(kept.begin(), kept.end(), row) == kept.end()) dropped.push_back(row);
  }
  EXPECT_EQ(load({{"rows", {{"mood", dropped}}}}, half).split(Split::train).tasks[0].numbers, kept)
      << "rows outside of the subset may be named";
}

TEST_F(LeaveOut, NoneLeavesAllAsItWas) {
  const std::string all = fingerprint(load(nullptr).split(Split::train));
  EXPECT_EQ(fingerprint(load({{"rows", Json::object()}}).split(Split::train)), all);
  EXPECT_EQ(fingerprint(load(nullptr, {{"leave_out", nullptr}}).split(Split::train)), all);
}

TEST_F(LeaveOut, MistakesAreToldWithTheirPlace) {
  const auto told = [&](const Json& json) {
    const std::string file = file_of(json);
    const std::string text = message_of<UserError>([&] { load(file); });
    EXPECT_NE(text.find("out.json"), std::string::npos) << text;
    return text;
  };
  EXPECT_NE(told({{"rows", {{"mod", {1}}}}}).find("did you mean \"mood\""), std::string::npos);
  EXPECT_NE(told({{"rows", {{"tone", {6}}}}}).find("1 to 5"), std::string::npos);
  EXPECT_NE(told({{"rows", {{"tone", {0}}}}}).find("1 to 5"), std::string::npos);
  EXPECT_NE(told({{"rows", {{"mood", {3, 3}}}}}).find("twice"), std::string::npos);
  EXPECT_NE(told({{"rows", {{"mood", {1, 2, 3, 4, 5, 6}}}}}).find("no training row"), std::string::npos);
  told({{"rows", {{"mood", {"one"}}}}});
  told({{"rows", {{"mood", 3}}}});
  told({{"row", Json::object()}});
  told(Json::array({1, 2}));
  message_of<IoError>([&] { load("nowhere.json"); });
}

}  // namespace
}  // namespace infomtl
