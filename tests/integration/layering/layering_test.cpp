#include "layering.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

SourceTree tree_of(const std::vector<std::pair<std::string, std::string>>& files) {
  SourceTree tree;
  for (const auto& [path, text] : files) tree[path] = parse_source(text);
  return tree;
}

const std::filesystem::path kRoot = INFOMTL_SOURCE_DIR;
const Rooms kRooms = read_rooms(kRoot / "src/rooms.txt");

/// The one complaint about a made-up tree, or all of them when there is not exactly one.
std::string only_violation(const std::vector<std::pair<std::string, std::string>>& files) {
  return joined(layering_violations(tree_of(files), kRooms));
}

std::string read_text(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST(ProjectLayering, EveryIncludeKeepsTheRules) {
  const SourceTree tree = read_source_tree(kRoot);
  ASSERT_TRUE(tree.contains("include/infomtl/core/errors.h"));
  EXPECT_EQ(joined(layering_violations(tree, kRooms)), "");
}

TEST(ProjectLayering, NoPartOfARoomNeedsItselfInACircle) {
  EXPECT_EQ(joined(circles_of_parts(read_source_tree(kRoot))), "");
}

// The doors are C++; JSON is looked into where configs are read, where names are registered, and in what a run scored.
TEST(ProjectLayering, FewPublicHeadersReachTheWholeOfJson) {
  const std::set<std::string> may = {
      "include/infomtl/infomtl.h",
      "include/infomtl/analysis/covariance.h",
      "include/infomtl/analysis/representation.h",
      "include/infomtl/core/config.h",
      "include/infomtl/losses/register_loss.h",
      "include/infomtl/metrics/register_metric.h",
      "include/infomtl/plugin/plugin.h",
      "include/infomtl/runs/experiment.h",
      "include/infomtl/runs/results.h",
      "include/infomtl/runs/run.h",
      "include/infomtl/runs/run_plan.h",
      "include/infomtl/runs/run_state.h",
      "include/infomtl/runs/seeds.h",
      "include/infomtl/runs/summary.h",
      "include/infomtl/runs/trained_run.h",
      "include/infomtl/study/comparison.h",
      "include/infomtl/study/search.h",
      "include/infomtl/train/trainer.h",
  };
  for (const std::string& header : public_headers_that_reach(read_source_tree(kRoot), "nlohmann/json.hpp")) {
    EXPECT_TRUE(may.contains(header)) << header << " reaches nlohmann/json.hpp; core/json.h names the type";
  }
}

TEST(ProjectLayering, FilesAreShort) { EXPECT_EQ(joined(long_files(read_source_tree(kRoot), 400)), ""); }

// Every room has a folder, and the README shows the list as it is.
TEST(ProjectLayering, TheListOfRoomsIsTrue) {
  ASSERT_EQ(kRooms.size(), 17U);
  const std::string readme = read_text(kRoot / "README.md");
  for (const auto& [name, room] : kRooms) {
    EXPECT_TRUE(std::filesystem::is_directory(kRoot / "src" / name)) << name;
    const std::string row = "| " + std::to_string(room.floor) + " | `" + name + "` | " + room.holds + " |";
    EXPECT_NE(readme.find(row), std::string::npos) << "README.md lacks the row\n" << row;
  }
}

TEST(ProjectLayering, PublicHeadersIncludeWhatTheyUse) {
  EXPECT_EQ(joined(self_sufficiency_violations(read_source_tree(kRoot))), "");
}

// A file that no list names is compiled by nobody, and its tests never run.
TEST(ProjectLayering, EverySourceIsListedByName) {
  std::string lists;
  std::vector<std::filesystem::path> sources;
  for (const char* top : {"src", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / top)) {
      if (entry.path().filename() == "CMakeLists.txt") lists += read_text(entry.path());
      if (entry.path().extension() == ".cpp") sources.push_back(entry.path());
    }
  }
  ASSERT_FALSE(sources.empty());
  for (const std::filesystem::path& source : sources) {
    // A list may leave the ending to a function: "readers" of readers_fuzz.cpp.
    const std::string stem = std::regex_replace(source.stem().string(), std::regex("_fuzz$"), "");
    const std::regex named("(^|[^A-Za-z0-9_])" + stem + "($|[^A-Za-z0-9_])");
    EXPECT_TRUE(std::regex_search(lists, named)) << source << " is named by no CMakeLists.txt";
  }
}

TEST(Layering, AcceptsArrowsThatPointDown) {
  EXPECT_EQ(only_violation({{"include/infomtl/core/a.h", "#include <string>\n"},
                            {"include/infomtl/ops/b.h", "#include <torch/types.h>\n#include \"infomtl/core/a.h\"\n"},
                            {"src/ops/inside.h", ""},
                            {"src/ops/b.cpp", "#include \"infomtl/ops/b.h\"\n#include \"ops/inside.h\"\n"},
                            {"src/core/log.cpp", "#include <spdlog/spdlog.h>\n"},
                            {"include/infomtl/infomtl.h", "#include \"infomtl/ops/b.h\"\n"},
                            {"src/apps/main.cpp", "#include <CLI/CLI.hpp>\n#include \"infomtl/core/a.h\"\n"}}),
            "");
}

TEST(Layering, RefusesAnArrowThatPointsUp) {
  EXPECT_EQ(only_violation({{"include/infomtl/model/m.h", ""},
                            {"src/data/d.cpp", "#include <vector>\n#include \"infomtl/model/m.h\"\n"}}),
            "src/data/d.cpp:2: data (floor 3) includes model (floor 4); arrows point down\n");
}

TEST(Layering, RefusesAnArrowToTheSameFloor) {
  EXPECT_EQ(
      only_violation({{"include/infomtl/ops/o.h", ""}, {"include/infomtl/text/t.h", "#include <infomtl/ops/o.h>"}}),
      "include/infomtl/text/t.h:1: text (floor 2) includes ops (floor 2); arrows point down\n");
}

TEST(Layering, RefusesAnotherRoomsInside) {
  EXPECT_EQ(only_violation({{"src/core/hash.h", ""}, {"src/ops/o.cpp", "#include \"core/hash.h\""}}),
            "src/ops/o.cpp:1: enters the inside of core (src/core/hash.h) instead of its door\n");
  EXPECT_EQ(only_violation({{"src/core/hash.h", ""}, {"include/infomtl/core/c.h", "#include \"core/hash.h\""}}),
            "include/infomtl/core/c.h:1: enters the inside of core (src/core/hash.h) instead of its door\n");
}

TEST(Layering, RefusesCircles) {
  EXPECT_EQ(only_violation({{"include/infomtl/ops/a.h", "#include \"infomtl/ops/b.h\""},
                            {"include/infomtl/ops/b.h", "#include \"b2.h\""},
                            {"include/infomtl/ops/b2.h", "#include \"infomtl/ops/a.h\""}}),
            "include/infomtl/ops/a.h: includes in a circle: include/infomtl/ops/a.h -> include/infomtl/ops/b.h -> "
            "include/infomtl/ops/b2.h -> include/infomtl/ops/a.h\n");
}

TEST(Layering, FindsPartsInACircle) {
  EXPECT_EQ(
      joined(circles_of_parts(tree_of({{"include/infomtl/runs/a.h", ""},
                                       {"src/runs/a.cpp", "#include \"infomtl/runs/a.h\"\n#include \"runs/b.h\""},
                                       {"src/runs/b.h", ""},
                                       {"src/runs/b.cpp", "#include \"infomtl/runs/a.h\"\n#include \"runs/b.h\""}}))),
      "runs/a -> runs/b -> runs/a\n");
}

TEST(Layering, KeepsTorchOutOfTheRoomsWithoutIt) {
  for (const std::string room : {"core", "text", "metrics", "report"}) {
    for (const std::string header : {"torch/types.h", "ATen/ATen.h", "c10/util/Half.h"}) {
      EXPECT_EQ(only_violation({{"src/" + room + "/a.cpp", "  #  include <" + header + "> // why"}}),
                "src/" + room + "/a.cpp:1: " + room + " knows no torch\n");
    }
  }
}

TEST(Layering, KeepsSpdlogAndCli11AwayFromTorch) {
  EXPECT_EQ(only_violation({{"src/train/t.cpp", "#include <spdlog/spdlog.h>"}}),
            "src/train/t.cpp:1: spdlog does not belong in train\n");
  EXPECT_EQ(only_violation({{"include/infomtl/core/log.h", "#include <fmt/format.h>"}}),
            "include/infomtl/core/log.h:1: a public header includes spdlog\n");
  EXPECT_EQ(only_violation({{"include/infomtl/ops/o.h", "#include <torch/types.h>"},
                            {"src/apps/a.cpp", "#include <CLI/CLI.hpp>\n#include <infomtl/ops/o.h>"}}),
            "src/apps/a.cpp:1: CLI11 meets LibTorch's fmt, which comes in through include/infomtl/ops/o.h\n");
}

TEST(Layering, RefusesUnknownRoomsAndMissingHeaders) {
  EXPECT_EQ(only_violation({{"src/utils/u.cpp", ""}}), "src/utils/u.cpp: \"utils\" is no room of the house\n");
  EXPECT_EQ(only_violation({{"src/ops/o.cpp", "#include \"infomtl/ops/gone.h\""}}),
            "src/ops/o.cpp:1: infomtl/ops/gone.h does not exist\n");
}

TEST(Layering, FindsWhatAPublicHeaderReaches) {
  const SourceTree tree = tree_of({{"include/infomtl/core/a.h", "#include <nlohmann/json.hpp>\n"},
                                   {"include/infomtl/ops/b.h", "#include \"infomtl/core/a.h\"\n"},
                                   {"include/infomtl/ops/c.h", "#include <nlohmann/json_fwd.hpp>\n"},
                                   {"src/ops/b.cpp", "#include \"infomtl/ops/b.h\"\n"}});
  EXPECT_EQ(joined(public_headers_that_reach(tree, "nlohmann/json.hpp")),
            "include/infomtl/core/a.h\ninclude/infomtl/ops/b.h\n");
}

TEST(Layering, RefusesTheGatheringHeaderInsideTheLibrary) {
  EXPECT_EQ(only_violation({{"include/infomtl/infomtl.h", ""}, {"src/core/c.cpp", "#include <infomtl/infomtl.h>"}}),
            "src/core/c.cpp:1: includes the header that gathers every room\n");
}

TEST(SelfSufficiency, NamesWhatAHeaderUsesWithoutIncludingIt) {
  const auto complaints = [](const std::string& text) {
    return joined(self_sufficiency_violations(
        tree_of({{"include/infomtl/ops/base.h", "#include <torch/types.h>\n"}, {"include/infomtl/ops/a.h", text}})));
  };
  EXPECT_EQ(complaints("std::vector<int> f();"), "include/infomtl/ops/a.h: uses std::vector without <vector>\n");
  EXPECT_EQ(complaints("torch::Tensor f();"), "include/infomtl/ops/a.h: uses torch:: without <torch/>\n");
  EXPECT_EQ(complaints("#include \"infomtl/ops/base.h\"\ntorch::Tensor f();"), "");
  EXPECT_EQ(complaints("#include \"infomtl/ops/base.h\"\nclass A : public torch::nn::Module {};"),
            "include/infomtl/ops/a.h: uses torch::nn:: without <torch/nn/module.h>\n");
  EXPECT_EQ(complaints("// a std::vector, \"torch::Tensor\"\n/* std::map */ const char* text = \"std::set\";"), "");
}
