#include "infomtl/core/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <limits>

#include "core/config_document.h"
#include "infomtl/core/cache_folder.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/registry.h"
#include "support/temporary_folder.h"

using namespace infomtl;
namespace fs = std::filesystem;

namespace {

template <class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const UserError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

Config from(std::string_view text, const std::vector<std::string>& overrides = {}) {
  return Config::from_text(text, "t.json", "", overrides);
}

struct Focal {
  struct Settings {
    double gamma = 2.0;
    std::int64_t steps = 10;
    bool symmetric = false;
    std::string note = "none";
    std::string scope = "task";
    std::vector<double> weights = {1.0};
    std::vector<std::string> tasks = {};
    void fields(FieldVisitor& f) {
      f.field("gamma", gamma, "focusing", above(0.0));
      f.field("steps", steps, "steps", at_least(1));
      f.field("symmetric", symmetric, "both ways");
      f.field("note", note, "a note");
      f.choice("scope", scope, {"task", "batch"}, "where negatives come from");
      f.field("weights", weights, "class weights", between(0.0, 1.0));
      f.field("tasks", tasks, "only these tasks");
    }
  };
  explicit Focal(Settings given) : settings(std::move(given)) {}
  Settings settings;
};

}  // namespace

TEST(Config, ReadsEveryTypeAndKeepsDefaultsForMissingAndNull) {
  const Config config = from(R"({
    // a comment
    "text": "a", "number": 1, "real": 2.5, "whole": -7, "yes": true, "none": null,
    "object": {"a": 1}, "list": ["x", 2], /* another */ "word": "b"})");
  EXPECT_EQ(config.text("text"), "a");
  EXPECT_EQ(config.number("number"), 1.0);
  EXPECT_EQ(config.number("real"), 2.5);
  EXPECT_EQ(config.integer("whole"), -7);
  EXPECT_TRUE(config.boolean("yes"));
  EXPECT_EQ(config.text("none", "kept"), "kept");
  EXPECT_EQ(config.number("none", 0.5), 0.5);
  EXPECT_EQ(config.integer("absent", 3), 3);
  EXPECT_TRUE(config.boolean("none", true));
  EXPECT_EQ(config.choice("none", "a", {"a", "b"}), "a");
  EXPECT_EQ(config.choice("word", "a", {"a", "b"}), "b");
  EXPECT_TRUE(config.list_or_empty("none").empty());
  EXPECT_EQ(config.object_or_empty("none").number("x", 4.0), 4.0);
  EXPECT_EQ(config.object("object").integer("a"), 1);
  const auto list = config.list("list");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].as_text(), "x");
  EXPECT_EQ(list[1].as_number(), 2.0);
  EXPECT_EQ(list[1].as_integer(), 2);
  EXPECT_EQ(list[1].where(), "t.json#/list/1");
  EXPECT_NO_THROW(config.reject_unknown());
}

TEST(Config, WrongTypesAndRangesNamePlaceFindingAndCure) {
  const Config config = from(R"({"a": {"n": "x", "f": 3.0, "big": 18446744073709551615, "p": 1.5, "b": 1, "z": null,
                                 "long": "0123456789012345678901234567890123456789012345"}})");
  const Config a = config.object("a");
  EXPECT_EQ(message_of([&] { a.number("n"); }), "t.json#/a/n: found the string \"x\"; must be a number");
  EXPECT_EQ(message_of([&] { a.integer("f"); }), "t.json#/a/f: found the number 3.0; must be an integer (write 3)");
  EXPECT_EQ(message_of([&] { a.integer("big"); }),
            "t.json#/a/big: found 18446744073709551615; must be at most 9223372036854775807");
  EXPECT_EQ(message_of([&] { a.number("p", from_to_below(0, 1)); }),
            "t.json#/a/p: found 1.5; must be a number >= 0 and < 1");
  EXPECT_EQ(message_of([&] { a.integer("b", at_least(2)); }), "t.json#/a/b: found 1; must be an integer >= 2");
  EXPECT_EQ(message_of([&] { a.boolean("b"); }), "t.json#/a/b: found the number 1; must be true or false");
  EXPECT_EQ(message_of([&] { a.text("z"); }), "t.json#/a/z: found null; must be a string");
  EXPECT_EQ(message_of([&] { a.list("long"); }),
            "t.json#/a/long: found the string \"012345678901234567890123456789012345678…\"; must be an array");
  EXPECT_EQ(message_of([&] { a.object("n"); }), "t.json#/a/n: found the string \"x\"; must be an object");
  EXPECT_EQ(message_of([&] { a.value("n").text("x"); }), "t.json#/a/n: found the string \"x\"; must be an object");
  EXPECT_EQ(message_of([&] { a.text("absent"); }), "t.json#/a/absent: missing; must be a string");
  EXPECT_EQ(message_of([] { from(R"({"tex": "x"})").text("text"); }),
            "t.json#/text: missing; must be a string (\"tex\" is there; was it meant?)");
  EXPECT_EQ(message_of([&] {
              a.choice("n", "batch", {"batch", "task"});
            }),
            "t.json#/a/n: unknown \"x\"; known: batch, task");
  EXPECT_NE(message_of([] {
              Config::from_json({{"x", std::numeric_limits<double>::quiet_NaN()}}).number("x");
            }).find("config#/x: found "),
            std::string::npos);
}

TEST(Config, UnknownKeysSuggestWhatWasAskedFor) {
  const Config config = from(R"({"losses": [{"name": "simax"}, {"name": "simax", "temprature": 2}], "a/b~c": 1})");
  const Config loss = config.list("losses")[1];
  loss.text("name");
  loss.number("temperature", 1.0);
  EXPECT_EQ(message_of([&] { loss.reject_unknown(); }),
            "t.json#/losses/1/temprature: unknown key; did you mean \"temperature\"?");
  EXPECT_EQ(message_of([&] { config.reject_unknown(); }), "t.json#/a~1b~0c: unknown key; known: losses");
  Config copy = config;
  EXPECT_TRUE(copy.has("a/b~c"));
  EXPECT_NO_THROW(config.reject_unknown()) << "copies share what was asked for";
}

TEST(Config, SettingsAreReadCheckedAndDescribed) {
  const auto settings = from(R"({"gamma": 3, "steps": 5, "symmetric": true, "note": "n", "scope": "batch",
                                 "weights": [0.5, 1], "tasks": ["a", "b"]})")
                            .read<Focal::Settings>();
  EXPECT_EQ(settings.gamma, 3.0);
  EXPECT_EQ(settings.steps, 5);
  EXPECT_TRUE(settings.symmetric);
  EXPECT_EQ(settings.note, "n");
  EXPECT_EQ(settings.scope, "batch");
  EXPECT_EQ(settings.weights, (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(settings.tasks, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(from(R"({"weights": null})").read<Focal::Settings>().weights, std::vector<double>{1.0});

  const auto read = [](std::string_view text) { return message_of([&] { from(text).read<Focal::Settings>(); }); };
  EXPECT_EQ(read(R"({"gama": 1})"), "t.json#/gama: unknown key; did you mean \"gamma\"?");
  EXPECT_EQ(read(R"({"gamma": 0})"), "t.json#/gamma: found 0; must be a number > 0");
  EXPECT_EQ(read(R"({"steps": 1e3})"), "t.json#/steps: found the number 1000.0; must be an integer >= 1 (write 1000)");
  EXPECT_EQ(read(R"({"weights": [1, 2]})"), "t.json#/weights/1: found 2; must be a number >= 0 and <= 1");
  EXPECT_EQ(read(R"({"tasks": "a"})"), "t.json#/tasks: found the string \"a\"; must be an array");
  EXPECT_EQ(read(R"({"scope": "tsk"})"), "t.json#/scope: unknown \"tsk\"; did you mean \"task\"?");
  EXPECT_EQ(read(R"([])"), "t.json: must be an object; put its keys between braces");

  const auto options = describe_fields<Focal::Settings>();
  ASSERT_EQ(options.size(), 7U);
  EXPECT_EQ(options[0].type, "number");
  EXPECT_EQ(options[0].default_value, "2.0");
  EXPECT_EQ(options[0].allowed, "> 0");
  EXPECT_EQ(options[3].default_value, "\"none\"");
  EXPECT_EQ(options[4].type, "one of task, batch");
  EXPECT_EQ(options[5].default_value, "[1.0]");
}

TEST(Config, SettingsFilledByHandAreChecked) {
  const auto check = [](Focal::Settings settings) {
    return message_of([&] { check_fields(std::move(settings), "loss \"focal\""); });
  };
  EXPECT_EQ(check({}), "nothing was thrown");
  EXPECT_EQ(check({.gamma = 0}), "loss \"focal\": gamma is 0.0; must be a number > 0");
  EXPECT_NE(check({.gamma = std::numeric_limits<double>::quiet_NaN()}).find("gamma is "), std::string::npos);
  EXPECT_EQ(check({.steps = 0}), "loss \"focal\": steps is 0; must be an integer >= 1");
  EXPECT_EQ(check({.scope = "tsk"}), "loss \"focal\": scope: unknown \"tsk\"; did you mean \"task\"?");
  EXPECT_NE(check({.weights = {0.5, 2.0}}).find("weights is 2.0"), std::string::npos);
}

TEST(Config, RegistryBuildsFromObjectsAndBareNames) {
  Registry<Focal> registry("loss");
  registry.add<Focal>("focal", "focal loss");
  const Config config = from(R"({"l": [{"name": "focal", "gamma": 3}, "focal", "focall", {"name": "focal", "x": 1}]})");
  const auto list = config.list("l");
  EXPECT_EQ(registry.build(list[0])->settings.gamma, 3.0);
  EXPECT_EQ(registry.build(list[1])->settings.gamma, 2.0);
  EXPECT_EQ(message_of([&] { registry.build(list[2]); }),
            "t.json#/l/2: unknown loss \"focall\"; did you mean \"focal\"?");
  EXPECT_NE(message_of([&] { registry.build(list[3]); }).find("t.json#/l/3/x: unknown key; known: name, gamma"),
            std::string::npos);
  EXPECT_THROW(registry.add<Focal>("focal", "again"), StateError);
}

TEST(Config, AnOverrideIntoAFileOfAListSaysHow) {
  const std::string text = R"({"tasks": ["some/mood.json", "other.json"]})";
  for (const char* path : {"tasks.mood.labels=auto", "tasks.0.labels=auto"}) {
    const std::string message = message_of([&] { from(text, {path}); });
    EXPECT_NE(message.find("t.json#/tasks/0: \"some/mood.json\" is a file"), std::string::npos) << message;
    EXPECT_NE(message.find("{\"extends\": \"some/mood.json\", ...}"), std::string::npos) << message;
  }
  for (const char* change : {"tasks.0=mine.json", "tasks.mood=mine.json"}) {
    EXPECT_EQ(from(text, {change}).list("tasks")[0].as_text(), "mine.json");
  }
  const std::string two = R"({"tasks": ["a/mood.json", "b/mood.json"]})";
  EXPECT_NE(message_of([&] { from(two, {"tasks.mood=mine.json"}); }).find("2 of its elements"), std::string::npos);
}

TEST(Config, BadJsonNamesFileAndLine) {
  EXPECT_TRUE(message_of([] { from("{\n  \"a\": 1,\n  \"b\" 2\n}"); }).starts_with("t.json:3:7: not valid JSON: "));
  for (const char* text : {"{\n\"a\": 1, \n}", "{\n\"a\": 2,,\"b\":1}", "{\n\"a\":[1,\t] }"}) {
    EXPECT_EQ(message_of([&] { from(text); }), "t.json:2:7: not valid JSON: a comma too many") << text;
  }
  EXPECT_TRUE(message_of([] { from(""); }).starts_with("t.json:1:1: not valid JSON: "));
  EXPECT_TRUE(message_of([] { from("{\"a\": \n"); }).starts_with("t.json:2:1: not valid JSON: "));
  EXPECT_EQ(message_of([] { from("{\"b\": 1e9,\n \"a\": 1e999}"); }), "t.json:2:7: \"/a\" is too large a number");
  EXPECT_EQ(message_of([] { from("{\n\"a\": \"\xC0\x80\"}"); }), "t.json:2:7: not UTF-8; save the file as UTF-8");
  EXPECT_EQ(message_of([] { from("{\"a\": [1, {\"b\": 1,\n  \"b\": 3}]}"); }),
            "t.json:2:3: \"/a/1/b\" is written twice in one object; keep one of them");
  EXPECT_NE(message_of([] { from("{\"a\":" + std::string(100000, '[')); }).find("nested deeper than 200"),
            std::string::npos);
  EXPECT_EQ(from("\xEF\xBB\xBF{\"a\": 1}").integer("a"), 1) << "a byte order mark is not a mistake";
}

TEST(Config, AnOverrideOfDamagedJsonIsAStringButNotOneOfJsonThatIsNotTaken) {
  EXPECT_EQ(from("{}", {"a={\"b\": 1"}).text("a"), "{\"b\": 1");
  EXPECT_EQ(message_of([] { from("{}", {"a=1e999"}); }), "--set a=1e999: the value is too large a number");
  EXPECT_NE(message_of([] { from("{}", {"a={\"b\": 1, \"b\": 2}"}); }).find("\"/b\" is written twice"),
            std::string::npos);
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_NE(message_of([&] { from("{}", {"a=" + deep}); }).find("nested deeper than 200"), std::string::npos);
}

TEST(Config, OverridesReplaceValuesAndTellWhereTheyCameFrom) {
  const std::string text = R"({"losses": [{"name": "a"}, {"name": "b", "weight": 1}], "head": {"name": "g", "d": 1}})";
  const Config config = from(text, {"losses.1.weight=0.3", "new.deep.key=some=text", "head={\"name\": \"g\"}", "n=null",
                                    "s=\"3\"", "list=[1, 2]", "list.1=5"});
  EXPECT_EQ(config.list("losses")[1].number("weight"), 0.3);
  EXPECT_EQ(config.object("new").object("deep").text("key"), "some=text");
  EXPECT_FALSE(config.object("head").has("d")) << "an override replaces what it names";
  EXPECT_EQ(config.integer("n", 3), 3);
  EXPECT_EQ(config.text("s"), "3");
  EXPECT_EQ(config.list("list")[1].as_integer(), 5);
  EXPECT_EQ(config.list("losses")[1].where("weight"), "--set#/losses/1/weight");
  EXPECT_EQ(config.list("losses")[1].where("name"), "t.json#/losses/1/name");

  EXPECT_NE(message_of([&] { from(text, {"losses.2.weight=1"}); }).find("an array of 2"), std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"losses.x=1"}); }).find("no element named \"x\""), std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"losses.1.name.x=1"}); }).find("neither an object nor an array"),
            std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"nothing"}); }).find("must look like"), std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"=1"}); }).find("must look like"), std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"a..b=1"}); }).find("empty name"), std::string::npos);
  EXPECT_NE(message_of([&] { from(text, {"extends=x"}); }).find("belongs into a config file"), std::string::npos);
}

TEST(Config, ElementsOfListsAreAddressedByTheirNames) {
  const std::string text = R"({"losses": ["plain", {"name": "simax", "temperature": 1}], "head": "linear"})";
  const Config config = from(text, {"losses.simax.temperature=0.1", "losses.plain.weight=2", "head.hidden=8"});
  EXPECT_EQ(config.list("losses")[1].number("temperature"), 0.1);
  EXPECT_EQ(config.list("losses")[1].where("temperature"), "--set#/losses/1/temperature");
  EXPECT_EQ(config.list("losses")[0].text("name"), "plain");
  EXPECT_EQ(config.list("losses")[0].number("weight"), 2);
  EXPECT_EQ(config.object("head").text("name"), "linear");
  EXPECT_EQ(config.object("head").integer("hidden"), 8);
  EXPECT_NE(message_of([&] { from(text, {"losses.simix.weight=1"}); }).find("did you mean \"simax\""),
            std::string::npos);
  const std::string twice = R"({"losses": [{"name": "a"}, {"name": "a"}]})";
  EXPECT_NE(message_of([&] { from(twice, {"losses.a.weight=1"}); }).find("0 or 1"), std::string::npos);

  infomtl::testing::TemporaryFolder folder;
  write_file_atomically(folder.path() / "base.json", text);
  const auto over = [&](const std::string& above) {
    return Config::from_text("{\"extends\": \"base.json\", " + above + "}", "t.json", folder.path());
  };
  const Config merged = over(R"("losses": {"simax": {"temperature": 0.2}, "plain": {"weight": 3}})");
  EXPECT_EQ(merged.list("losses").size(), 2U);
  EXPECT_EQ(merged.list("losses")[1].number("temperature"), 0.2);
  EXPECT_EQ(merged.list("losses")[1].where("temperature"), "t.json#/losses/1/temperature");
  EXPECT_EQ(merged.list("losses")[0].number("weight"), 3);
  const std::string unknown = message_of([&] { over(R"("losses": {"smax": {"weight": 1}})"); });
  EXPECT_NE(unknown.find("t.json#/losses/smax"), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("did you mean \"simax\""), std::string::npos) << unknown;
  EXPECT_EQ(over(R"("losses": ["plain"])").list("losses").size(), 1U) << "a list replaces a list";
}

TEST(Config, VariablesComeFromTheEnvironment) {
  ::setenv("INFOMTL_TEST_VARIABLE", "value", 1);
  ::unsetenv("INFOMTL_TEST_UNSET");
  EXPECT_EQ(from(R"({"a": ["x${INFOMTL_TEST_VARIABLE}/${INFOMTL_TEST_VARIABLE}$"]})").list("a")[0].as_text(),
            "xvalue/value$");
  EXPECT_EQ(expand_variables("${INFOMTL_CACHE}"), cache_folder().string());
  EXPECT_EQ(message_of([] { from(R"({"a": ["${INFOMTL_TEST_UNSET}"]})"); }),
            "t.json#/a/0: the environment variable INFOMTL_TEST_UNSET is not set; set it, or write its value here");
  EXPECT_EQ(message_of([] { from(R"({"a": "${x"})"); }), "t.json#/a: \"${x\" has no closing brace; write ${NAME}");
}

class ConfigFiles : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view text) {
    write_file_atomically(folder_.path() / name, text);
    return folder_.path() / name;
  }
  infomtl::testing::TemporaryFolder folder_;
};

TEST_F(ConfigFiles, ExtendsMergesObjectsAndReplacesTheRest) {
  write("methods/base.json", R"({"seed": 1, "data": {"root": "rows", "tasks": ["a.json", "b.json"], "more": null},
                                 "head": {"name": "gaussian", "clamp": 3}, "name": "base", "keep": {"x": 1, "y": 2}})");
  write("methods/second.json", R"({"seed": 2, "extends": "base.json"})");
  const auto file = write("experiments/run.json", R"({"extends": ["../methods/base.json", "../methods/second.json"],
    "data": {"tasks": ["c.json"], "more": {"z": 1}}, "head": {"name": "plain"}, "name": "run", "keep": {"y": 3}})");
  const Config config = Config::from_file(file);
  EXPECT_EQ(config.integer("seed"), 2) << "later files win over earlier ones";
  EXPECT_EQ(config.text("name"), "run");
  EXPECT_EQ(config.object("keep").json(), Json::parse(R"({"x": 1, "y": 3})"));
  EXPECT_EQ(config.object("head").json(), Json::parse(R"({"name": "plain"})")) << "another head, without its options";
  EXPECT_EQ(config.object("data").object("more").json(), Json::parse(R"({"z": 1})"));
  EXPECT_FALSE(config.has("extends"));
  const auto tasks = config.object("data").list("tasks");
  ASSERT_EQ(tasks.size(), 1U);
  const fs::path base = folder_.path();
  EXPECT_EQ(tasks[0].as_path(), base / "experiments/c.json");
  EXPECT_EQ(config.object("data").path("root").lexically_normal(), base / "methods/rows")
      << "a path means the folder of the file that wrote it";
  EXPECT_EQ(config.object("keep").where("x"), (base / "methods/base.json").string() + "#/keep/x");
  EXPECT_EQ(config.object("keep").where("y"), file.string() + "#/keep/y");

  const std::vector<std::string> paths = {"data.root", "data.tasks[]", "data.absent.path", "seed"};
  const Json saved = config.effective(paths);
  EXPECT_EQ(saved["data"]["root"], (base / "methods/rows").string());
  EXPECT_EQ(saved["data"]["tasks"][0], (base / "experiments/c.json").string());
  EXPECT_EQ(config.object("data").effective({"root"})["root"], (base / "methods/rows").string());
  EXPECT_EQ(config.json()["data"]["root"], "rows");
}

// What a config saves and says depends on its text and on nothing that was asked of it before.
TEST_F(ConfigFiles, AskingChangesNothing) {
  write("parts/base.json", R"({"data": {"root": "rows", "tasks": ["a.json", {"record": "b.json", "splits":
    {"train": {"text": "t", "label": {"a": "l"}}, "test": [{"file": ["f", "/g"], "columns": {"text": "t"}}]}}, ""]}})");
  const auto file = write("run.json", R"({"extends": "parts/base.json", "other": "text"})");
  const std::vector<std::string> paths = {"data.root",
                                          "data.tasks[]",
                                          "data.tasks[].record",
                                          "data.tasks[].splits.*[].text[]",
                                          "data.tasks[].splits.*[].label.*[]",
                                          "data.tasks[].splits.*[].file[]"};
  const Config untouched = Config::from_file(file), asked = Config::from_file(file);
  const Json before = asked.effective(paths);
  asked.path("other");
  asked.object("data").path("root");
  asked.object("data").list("tasks")[0].as_path();
  EXPECT_EQ(asked.effective(paths), before);
  EXPECT_EQ(untouched.effective(paths), before);
  const std::string base = (folder_.path() / "parts").string() + "/";
  EXPECT_EQ(before, Json({{"data",
                           {{"root", base + "rows"},
                            {"tasks",
                             {base + "a.json",
                              {{"record", base + "b.json"},
                               {"splits",
                                {{"train", {{"text", base + "t"}, {"label", {{"a", base + "l"}}}}},
                                 {"test", {{{"file", {base + "f", "/g"}}, {"columns", {{"text", "t"}}}}}}}}},
                              ""}}}},
                          {"other", "text"}}));
}

TEST_F(ConfigFiles, AnOverriddenCopyIsADocumentOfItsOwn) {
  const auto file = write("run.json", R"({"training": {"regime": "single", "epochs": 3}, "path": "x"})");
  const Config config = Config::from_file(file);
  config.object("training").integer("epochs");
  const Config changed = config.overridden({"training.regime=joint"});
  EXPECT_EQ(changed.object("training").text("regime"), "joint");
  EXPECT_EQ(config.object("training").text("regime"), "single");
  EXPECT_EQ(changed.where("path"), file.string() + "#/path");
  EXPECT_THROW(changed.object("training").reject_unknown(), ConfigError)
      << "its record of what was asked for is its own";
}

TEST_F(ConfigFiles, AbsolutePathsStayAndOverridesMeanTheWorkingFolder) {
  const auto file = write("deep/run.json", R"({"a": "/absolute/x", "b": "rows", "empty": ""})");
  const Config config = Config::from_file(file, {"b=other"});
  EXPECT_EQ(config.path("a"), "/absolute/x");
  EXPECT_EQ(config.path("b"), "other");
  EXPECT_NE(message_of([&] { config.path("empty"); }).find("#/empty: empty; must be a path"), std::string::npos);
  EXPECT_NE(message_of([&] { config.path("absent"); }).find("#/absent: missing; must be a path"), std::string::npos);
}

TEST_F(ConfigFiles, CircularAndMissingExtendsAreErrors) {
  write("b.json", R"({"extends": "sub/../a.json"})");
  write("sub/x.json", "{}");
  const auto a = write("a.json", R"({"extends": "b.json"})");
  EXPECT_EQ(message_of([&] { Config::from_file(a); }),
            (folder_.path() / "b.json").string() +
                "#/extends: leads back to itself: a.json -> b.json -> a.json; leave one of them out");
  const auto itself = write("self.json", R"({"extends": "self.json"})");
  EXPECT_NE(message_of([&] { Config::from_file(itself); }).find("leads back to itself"), std::string::npos);
  const auto missing = write("missing.json", R"({"extends": "nowhere.json"})");
  const std::string message = message_of([&] { Config::from_file(missing); });
  EXPECT_NE(message.find("missing.json#/extends: "), std::string::npos) << message;
  EXPECT_NE(message.find("nowhere.json: cannot be opened"), std::string::npos) << message;
  const auto number = write("number.json", R"({"extends": 3})");
  EXPECT_NE(message_of([&] { Config::from_file(number); }).find("#/extends: must be the name"), std::string::npos);
  const auto diamond = write("diamond.json", R"({"extends": ["left.json", "right.json"]})");
  write("left.json", R"({"extends": "top.json"})");
  write("right.json", R"({"extends": "top.json"})");
  write("top.json", R"({"x": 1})");
  EXPECT_EQ(Config::from_file(diamond).integer("x"), 1) << "the same file on two ways is not a circle";
}

TEST_F(ConfigFiles, ErrorsOfMergedValuesNameTheFileThatWroteThem) {
  write("base.json", R"({"training": {"epochs": "many"}})");
  const auto file = write("run.json", R"({"extends": "base.json", "training": {"batch_size": 0}})");
  const Config training = Config::from_file(file).object("training");
  EXPECT_TRUE(message_of([&] { training.integer("epochs"); }).starts_with((folder_.path() / "base.json").string()));
  EXPECT_TRUE(message_of([&] { training.integer("batch_size", at_least(1)); }).starts_with(file.string()));
}

TEST(Config, ATildeIsTheHomeFolder) {
  const char* const before = std::getenv("HOME");
  const std::string home = before == nullptr ? "" : before;
  ::setenv("HOME", "/home/of", 1);
  EXPECT_EQ(from(R"({"path": "~/models/x"})").path("path"), "/home/of/models/x");
  EXPECT_EQ(from(R"({"path": "a/~/x"})").path("path"), "a/~/x");
  ::setenv("HOME", home.c_str(), 1);
}
