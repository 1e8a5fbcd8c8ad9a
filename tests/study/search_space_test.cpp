#include "infomtl/study/search_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

SearchSpace space_of(const std::string& common, const std::string& own = "{}") {
  const Config config = Config::from_text(R"({"space": )" + common + R"(, "own": )" + own + "}", "search.json");
  return SearchSpace::from_config(config.object("space"), config.object("own"));
}

std::string refusal(const std::string& common, const std::string& own = "{}") {
  try {
    space_of(common, own);
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "accepted";
}

#define EXPECT_REFUSED(text, ...)                                                     \
  do {                                                                                \
    const std::string found = refusal(__VA_ARGS__);                                   \
    EXPECT_NE(found.find(text), std::string::npos) << found << "\nlacks\n" << (text); \
  } while (false)

TEST(SearchSpace, AGridHasEveryCombinationOnce) {
  const SearchSpace space = space_of(
      R"({"optimizer.learning_rate": [1e-4, 2e-4], "training.batch_size": {"integer": [3, 5]},
          "settings": [{"losses.1.weight": 0.1, "losses.1.temperature": 1},
                       {"losses.1.temperature": 0.1, "losses.1.weight": 0.01}]})");
  EXPECT_EQ(space.size(), 12U);
  const std::vector<TrialSettings> grid = space.grid();
  ASSERT_EQ(grid.size(), 12U);
  std::set<std::string> different;
  for (const TrialSettings& trial : grid) {
    std::string all;
    for (const std::string& text : overrides_of(trial)) all += text + " ";
    different.insert(all);
  }
  EXPECT_EQ(different.size(), 12U);
  EXPECT_EQ(overrides_of(grid.front()),
            (std::vector<std::string>{"optimizer.learning_rate=0.0001", "training.batch_size=3", "losses.1.weight=0.1",
                                      "losses.1.temperature=1"}));
  EXPECT_EQ(grid.back().back(), (Setting{"losses.1.weight", "0.01"}));
}

TEST(SearchSpace, DrawsAreDifferentAndAFunctionOfTheSeed) {
  const SearchSpace space = space_of(
      R"({"optimizer.learning_rate": {"log_uniform": [1e-5, 1e-1]}, "losses.0.label_smoothing": {"uniform": [0, 0.4]}})");
  EXPECT_EQ(space.size(), std::nullopt);
  const std::vector<TrialSettings> drawn = space.draw(400, 7);
  EXPECT_EQ(space.draw(400, 7), drawn);
  EXPECT_NE(space.draw(400, 8), drawn);
  const std::vector<TrialSettings> fewer = space.draw(20, 7);
  EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), drawn.begin())) << "more trials keep the first ones";
  double logarithms = 0, smoothing = 0;
  for (const TrialSettings& trial : drawn) {
    const double rate = std::stod(trial[0].value), share = std::stod(trial[1].value);
    EXPECT_TRUE(rate >= 1e-5 && rate <= 1e-1) << rate;
    EXPECT_TRUE(share >= 0 && share <= 0.4) << share;
    EXPECT_LE(trial[0].value.size(), 10U) << "four significant digits: " << trial[0].value;
    logarithms += std::log10(rate) / 400;
    smoothing += share / 400;
  }
  EXPECT_NEAR(logarithms, -3, 5 * 1.155 / 20);  // 4 / sqrt(12) is the deviation of one draw
  EXPECT_NEAR(smoothing, 0.2, 5 * 0.1155 / 20);

  // A finite space is drawn without repeats, in the end whole.
  const SearchSpace finite = space_of(R"({"head": ["linear", "gaussian"], "training.batch_size": [16, 32, 64]})");
  const std::vector<TrialSettings> all = finite.draw(6, 1);
  for (const TrialSettings& point : finite.grid()) {
    EXPECT_EQ(std::count(all.begin(), all.end(), point), 1);
  }
  EXPECT_THROW(finite.draw(7, 1), UserError);
  EXPECT_THROW(space_of(R"({"losses.1.weight": {"uniform": [1, 1.0004]}})").draw(2, 1), UserError)
      << "four significant digits leave one value";
  EXPECT_THROW(space.grid(), UserError);
}

TEST(SearchSpace, AMethodsOwnSpaceWins) {
  const SearchSpace space = space_of(
      R"({"optimizer.learning_rate": [1, 2], "training.batch_size": [16, 32], "head": ["linear", "gaussian"]})",
      R"({"training.batch_size": [8], "losses.1.weight": [0.1], "head": null})");
  std::vector<std::string> names;
  for (const SearchAxis& axis : space.axes()) names.push_back(axis.name);
  EXPECT_EQ(names, (std::vector<std::string>{"optimizer.learning_rate", "training.batch_size", "losses.1.weight"}));
  EXPECT_EQ(space.size(), 2U);
}

TEST(SearchSpace, MistakesNameTheEntry) {
  EXPECT_REFUSED("search.json#/space/a.b: is empty", R"({"a.b": []})");
  EXPECT_REFUSED("search.json#/space/a.b", R"({"a.b": 3})");
  EXPECT_REFUSED("log_uniform", R"({"a.b": {"loguniform": [1, 2]}})");
  EXPECT_REFUSED("> 0", R"({"a.b": {"log_uniform": [0, 2]}})");
  EXPECT_REFUSED("low must be below high", R"({"a.b": {"uniform": [2, 2]}})");
  EXPECT_REFUSED("[low, high]", R"({"a.b": {"uniform": [2]}})");
  EXPECT_REFUSED("integer", R"({"a.b": {"integer": [2, 2.5]}})");
  EXPECT_REFUSED("search.json#/space/a.b/1: is given twice", R"({"a.b": [1, 1]})");
  EXPECT_REFUSED("search.json#/space/settings/1", R"({"settings": [{"a": 1}, {"b": 1}]})");
  EXPECT_REFUSED("search.json#/space/settings/1", R"({"settings": [{"a": 1}, 4]})");
  EXPECT_REFUSED("search.json#/space/settings", R"({"settings": {"a": 1}})");
  EXPECT_REFUSED("set the same field", R"({"settings": [{"a": 1}], "a": [1]})");
  EXPECT_REFUSED("search.json#/own/a.b", R"({"a": [1]})", R"({"a.b": [1]})");
  EXPECT_REFUSED("seed", R"({"seed": [1, 2]})");
}

}  // namespace
}  // namespace infomtl
