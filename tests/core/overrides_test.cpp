// Overrides of whole lists by the names of their elements, and overrides that a file asks for.
#include <gtest/gtest.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/problems.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

Config base() {
  return Config::from_text(R"({"losses": ["plain", {"name": "simax", "temperature": 1, "weight": 2}],
                               "numbers": [1, 2], "head": {"name": "g", "d": 1}})",
                           "t.json");
}

TEST(Overrides, AnObjectOverAListChangesTheElementsThatItNames) {
  const Config config = base().overridden({R"(losses={"simax": {"temperature": 0.2}, "plain": {"weight": 3}})"});
  const std::vector<Config> losses = config.list("losses");
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[0].json(), Json({{"name", "plain"}, {"weight", 3}}));
  EXPECT_EQ(losses[1].json(), Json({{"name", "simax"}, {"temperature", 0.2}, {"weight", 2}}));
  EXPECT_EQ(losses[1].where("temperature"), "--set#/losses/1/temperature");
  EXPECT_EQ(losses[1].where("weight"), "t.json#/losses/1/weight");
  EXPECT_TRUE(base().overridden({R"(numbers={"a": 1})"}).value("numbers").is_object()) << "numbers have no names";
  EXPECT_FALSE(base().overridden({R"(head={"name": "g"})"}).object("head").has("d")) << "an object is replaced";
  const std::string wrong =
      testing::message_of<ConfigError>([] { base().overridden({R"(losses={"simx": {"temperature": 0.2}})"}); });
  EXPECT_NE(wrong.find("--set#/losses/simx: "), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("did you mean \"simax\""), std::string::npos) << wrong;
}

TEST(Overrides, ThoseThatAFileAsksForAreNamedByTheirPlaceThere) {
  const Config config =
      base().overridden_as_written({{"losses.simax.weight=0.1", "plan.json#/methods/1/set/losses.simax.weight"},
                                    {R"(head={"name": "g", "x": [3]})", "plan.json#/methods/1/set/head"},
                                    {"new.deep=1", "plan.json#/methods/1/set/new.deep"}});
  EXPECT_EQ(config.list("losses")[1].where("weight"), "plan.json#/methods/1/set/losses.simax.weight");
  EXPECT_EQ(config.list("losses")[1].where("temperature"), "t.json#/losses/1/temperature");
  EXPECT_EQ(config.object("head").where(), "plan.json#/methods/1/set/head");
  EXPECT_EQ(config.object("head").list("x")[0].where(), "plan.json#/methods/1/set/head/x/0");
  EXPECT_EQ(config.object("new").where("deep"), "plan.json#/methods/1/set/new.deep");
  const Config by_name =
      base().overridden_as_written({{R"(losses={"simax": {"temperature": 0}})", "plan.json#/methods/1/set/losses"}});
  EXPECT_EQ(by_name.list("losses")[1].where("temperature"), "plan.json#/methods/1/set/losses/1/temperature");
  for (const char* const wrong : {"losses.simx.weight=1", "losses.simx.weight=2"}) {
    const std::string text = testing::message_of<ConfigError>([&] {
      base().overridden_as_written({{wrong, "plan.json#/space/losses.simx.weight"}});
    });
    EXPECT_EQ(text.find("plan.json#/space/losses.simx.weight: t.json#/losses is an array of 2"), 0U) << text;
  }
}

TEST(Overrides, AProblemThatIsToldAgainCountsAgain) {
  Problems problems;
  problems.add("one");
  problems.add("one");
  EXPECT_EQ(problems.all().size(), 1U);
  EXPECT_EQ(problems.added(), 2U);
}

}  // namespace
}  // namespace infomtl
