#include <gtest/gtest.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::message_of;

struct Settings {
  NamedNumbers weights;
  void fields(FieldVisitor& f) { f.field("weights", weights, {"even", "by_size"}, "weights", at_least(0)); }
};

NamedNumbers read(const std::string& text) {
  return Config::from_text("{\"weights\": " + text + "}", "t.json").read<Settings>().weights;
}

const std::vector<std::string> kNames = {"hate", "irony", "stance"};

TEST(NamedNumbers, StandInOrderByNameOrAsAWord) {
  EXPECT_EQ(read("[1, 2.5, 0]").of(kNames, 1, "task"), (std::vector<double>{1, 2.5, 0}));
  EXPECT_EQ(read(R"({"irony": 4})").of(kNames, 1, "task"), (std::vector<double>{1, 4, 1}));
  EXPECT_EQ(read("\"even\"").word, "even");
  EXPECT_EQ(read("\"even\"").of(kNames, 1, "task"), (std::vector<double>{1, 1, 1}));
  EXPECT_FALSE(read("[]").given());
  EXPECT_FALSE(Config::from_text("{}", "t.json").read<Settings>().weights.given());
}

TEST(NamedNumbers, MistakesNameTheirPlaceAndWhatIsThere) {
  EXPECT_NE(message_of<ConfigError>([] { read("\"evn\""); }).find("did you mean \"even\"?"), std::string::npos);
  EXPECT_NE(message_of<ConfigError>([] { read("[1, -1]"); }).find("t.json#/weights/1"), std::string::npos);
  EXPECT_NE(message_of<ConfigError>([] { read(R"({"irony": "much"})"); }).find("t.json#/weights/irony"),
            std::string::npos);
  EXPECT_NE(message_of<ConfigError>([] { read("[1, 2]").of(kNames, 1, "task"); }).find("2 numbers for 3 tasks"),
            std::string::npos);
  EXPECT_NE(message_of<ConfigError>([] { read(R"({"irny": 1})").of(kNames, 1, "task"); }).find("no task \"irny\""),
            std::string::npos);
  EXPECT_THROW(check_fields(Settings{{.word = "odd"}}, "of a test"), ConfigError);
  EXPECT_THROW(check_fields(Settings{{.by_name = {{"hate", -1}}}}, "of a test"), ConfigError);
}

TEST(NamedNumbers, AreListedWithTheirWords) {
  const std::vector<FieldInfo> listed = describe_fields<Settings>();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].type, "array or object of numbers, or one of even, by_size");
  EXPECT_EQ(listed[0].default_value, "[]");
  EXPECT_EQ(listed[0].allowed, ">= 0");
}

}  // namespace
}  // namespace infomtl
