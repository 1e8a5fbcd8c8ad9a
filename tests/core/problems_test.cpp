// What is wrong with a config, collected while it is read on.
#include "infomtl/core/problems.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

struct Settings {
  double gamma = 2.0;
  std::int64_t steps = 10;
  std::string scope = "task";
  std::vector<double> weights = {1.0};
  std::vector<std::string> tasks = {};
  void fields(FieldVisitor& f) {
    f.field("gamma", gamma, "focusing", above(0.0));
    f.field("steps", steps, "steps", at_least(1));
    f.choice("scope", scope, {"task", "batch"}, "where negatives come from");
    f.field("weights", weights, "class weights", between(0.0, 1.0));
    f.field("tasks", tasks, "only these tasks");
  }
};

Config from(std::string_view text) { return Config::from_text(text, "t.json"); }

TEST(CollectedProblems, ListEveryMistakeOfAnObjectAndKeepTheDefaults) {
  const Config config =
      from(R"({"gamma": -1, "steps": "many", "scope": "task", "scop": 1, "weights": [2], "tasks": 3, "x": 0})");
  const auto problems = std::make_shared<Problems>();
  config.collect(problems);
  const auto settings = config.read<Settings>();
  ASSERT_EQ(problems->all().size(), 6u);
  EXPECT_EQ(problems->all()[0], "t.json#/gamma: found -1; must be a number > 0");
  EXPECT_NE(problems->all()[4].find("scop: unknown key; did you mean \"scope\"?"), std::string::npos);
  EXPECT_EQ(settings.gamma, 2.0);
  EXPECT_EQ(settings.steps, 10);
  EXPECT_EQ(settings.weights, std::vector<double>{1.0});
}

TEST(CollectedProblems, NameADozenUnknownKeysOfAnObjectAndCountTheOthers) {
  Json many = {{"losses", {Json::object(), Json::object()}}};
  for (int k = 0; k < 13; ++k) many["losses"][0]["k" + std::to_string(k)] = 0;
  for (int k = 0; k < 9000; ++k) many["losses"][1]["k" + std::to_string(k)] = 0;
  const Config config = Config::from_json(many, "t.json");
  const auto problems = std::make_shared<Problems>();
  config.collect(problems);
  for (const Config& loss : config.list("losses")) loss.reject_unknown();
  ASSERT_EQ(problems->all().size(), 26u);
  EXPECT_EQ(problems->all()[0], "t.json#/losses/0/k0: unknown key");
  EXPECT_EQ(problems->all()[12], "t.json#/losses/0: and 1 more unknown key");
  EXPECT_EQ(problems->all()[25], "t.json#/losses/1: and 8988 more unknown keys");
}

TEST(CollectedProblems, AreToldOnceHoweverOftenAFieldIsRead) {
  const Config config = from(R"({"steps": 0, "unknown": 1})");
  const auto problems = std::make_shared<Problems>();
  config.collect(problems);
  config.read<Settings>();
  config.read<Settings>();
  EXPECT_EQ(problems->all().size(), 2u);
}

TEST(CollectedProblems, ArePassedToCopiesAndOverrides) {
  const Config config = from(R"({"loss": "focal", "steps": 3})");
  const auto problems = std::make_shared<Problems>();
  config.collect(problems);
  EXPECT_EQ(config.value("loss").named().problems(), problems);
  const Config changed = config.overridden({"steps=0", "steps.x=1"});
  EXPECT_EQ(changed.problems(), problems);
  EXPECT_EQ(problems->all().size(), 1u) << "the second override can't be applied";
  EXPECT_EQ(changed.integer("steps", 7, at_least(1)), 7);
  EXPECT_EQ(problems->all().size(), 2u);
}

TEST(CollectedProblems, StillThrowWhereThereIsNothingToGoOnWith) {
  const Config config = from(R"({"type": "clasification"})");
  config.collect(std::make_shared<Problems>());
  EXPECT_THROW(config.text("name"), ConfigError);
  EXPECT_THROW(config.choice("type", "", {"classification", "regression"}), ConfigError);
  EXPECT_FALSE(config.part([&] { config.text("name"); }));
  EXPECT_TRUE(config.part([] {}));
  EXPECT_EQ(config.problems()->all().size(), 1u);
}

TEST(CollectedProblems, PassThroughAPartWhereNothingIsCollected) {
  const Config config = from("{}");
  EXPECT_THROW(config.part([&] { config.text("name"); }), ConfigError);
}

TEST(CollectedProblems, HoldTheUnsetVariablesOfAFile) {
  const testing::TemporaryFolder folder;
  const auto file =
      folder.write("run.json", R"({"a": "${INFOMTL_NOT_SET_1}/x", "b": ["${INFOMTL_NOT_SET_2}"], "steps": 1})");
  const auto problems = std::make_shared<Problems>();
  const Config config = Config::from_file(file, {"steps.x=1"}, problems);
  ASSERT_EQ(problems->all().size(), 3u);
  EXPECT_NE(problems->all()[1].find("INFOMTL_NOT_SET_2"), std::string::npos);
  EXPECT_THROW(Config::from_file(file), ConfigError);
}

struct Switched {
  std::string form = "exact";
  double epsilon = 0.001;
  void fields(FieldVisitor& f) {
    f.choice("form", form, {"exact", "finite"}, "of a derivative");
    f.field("epsilon", epsilon, "finite: length of the step", above(0.0));
    f.only_where(form == "finite", {"epsilon"}, "\"form\" is \"finite\"");
  }
};

TEST(CollectedNotes, NameAnOptionThatAnotherOneSwitchesOff) {
  const auto notes_of = [](std::string_view text) {
    const Config config = from(text);
    const auto notes = std::make_shared<Problems>();
    config.collect_notes(notes);
    config.overridden({}).read<Switched>();
    config.read<Switched>();
    return notes->all();
  };
  EXPECT_EQ(notes_of(R"({"epsilon": 0.1})"),
            std::vector<std::string>{"t.json#/epsilon: has no effect; it is read only where \"form\" is \"finite\""});
  for (const char* sound : {"{}", R"({"form": "exact"})", R"({"form": "finite", "epsilon": 0.1})",
                            R"({"form": "exact", "epsilon": null})"}) {
    EXPECT_TRUE(notes_of(sound).empty()) << sound;
  }
  EXPECT_EQ(from(R"({"epsilon": 0.1})").read<Switched>().epsilon, 0.1) << "without a list nothing is told";
}

TEST(Problems, GuardKeepsTheFirstLineOfAnotherLibrarysError) {
  Problems problems;
  EXPECT_FALSE(problems.guard([] { throw std::runtime_error("sizes differ\nframe 1"); }));
  EXPECT_TRUE(problems.guard([] {}));
  EXPECT_EQ(problems.all(), std::vector<std::string>{"sizes differ"});
}

}  // namespace
}  // namespace infomtl
