#include "infomtl/core/json_difference.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

using namespace infomtl;

TEST(JsonDifference, NamesTheFirstPlaceAndBothValues) {
  const Json saved = {{"seed", 1}, {"losses", {"supervised", {{"name", "simax"}, {"weight", 0.1}}}}};
  Json other = saved;
  EXPECT_FALSE(find_difference(saved, other));
  other["losses"][1]["weight"] = 0.2;
  const auto weight = find_difference(saved, other);
  ASSERT_TRUE(weight);
  EXPECT_EQ(weight->path, "/losses/1/weight");
  EXPECT_EQ(weight->first, "0.1");
  EXPECT_EQ(weight->second, "0.2");
  other = saved;
  other.erase("seed");
  EXPECT_EQ(find_difference(saved, other)->second, "nothing");
  EXPECT_EQ(first_difference(saved, other), "/seed");
  EXPECT_EQ(first_difference(Json::parse(R"({"a": 1, "b": 2})"), Json::parse(R"({"b": 2, "a": 1})")), "");
  EXPECT_EQ(first_difference(1, 2), "/");
  EXPECT_LT(find_difference(std::string(1000, 'x'), "y")->first.size(), 80U);
}
