// JSON files and files of other kinds than were asked for.

#include "infomtl/core/json_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::message_of;
using testing::TemporaryFolder;

TEST(ParseJson, RefusesAKeyThatIsWrittenTwice) {
  EXPECT_EQ(message_of<FormatError>([] { parse_json(R"({"a": [{"b": 1}, {"b": 1, "b": 2}]})"); }),
            "\"/a/1/b\" is written twice in one object; keep one of them");
  EXPECT_EQ(parse_json(R"({"a": {"b": 1}, "b": 2})").at("b"), 2);
}

TEST(ParseJson, RefusesNestingThatARecursionWouldNotSurvive) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(200)));
  for (const std::size_t depth : {201UL, 1000000UL}) {
    EXPECT_NE(message_of<FormatError>([&] { parse_json(nested(depth)); }).find("nested deeper than 200"),
              std::string::npos);
  }
}

TEST(ParseJson, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\": 1,\n}"); }).find("not JSON: parse error at line 2"), 0U);
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\": 1e999}"); }).find("not JSON: "), 0U);
}

TEST(ParseJson, OfAFileNamesItAndThePlace) {
  const TemporaryFolder folder;
  const auto by_tree = [](const std::string& text) {
    return message_of<FormatError>([&] { parse_json_by_tree(text, "vocab.json"); });
  };
  EXPECT_EQ(by_tree(R"({"a": [0, {"b/c": 1, "b/c": 2}]})"),
            "vocab.json#/a/1/b~1c: written twice in one object; keep one of them");
  EXPECT_EQ(by_tree("{\"a\": 1,\n}").find("vocab.json: not JSON: parse error at line 2"), 0U);
  EXPECT_EQ(by_tree("{\"a\": 1e999}").find("vocab.json#/a: not JSON: number overflow"), 0U);
  EXPECT_NE(by_tree(std::string(1000, '[')).find(": nested deeper than 200"), std::string::npos);
  const auto file = folder.write("config.json", R"({"a": 1, "a": 2})");
  EXPECT_EQ(message_of<FormatError>([&] { read_json(file); }),
            file.string() + "#/a: written twice in one object; keep one of them");
}

TEST(Described, SaysTheTypeAndAShortValue) {
  EXPECT_EQ(described(Json(3.5)), "the number 3.5");
  EXPECT_EQ(described(nlohmann::json("a\"b")), "the string \"a\\\"b\"");
  EXPECT_EQ(described(Json(nullptr)), "null");
  EXPECT_EQ(described(nlohmann::json::array()), "an array");
  EXPECT_LT(described(Json(std::string(1000, 'x'))).size(), 70U);
}

TEST(ReadFile, NamesALinkThatLeadsNowhereAndAGitLfsPointer) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("gone", folder / "link");
  EXPECT_EQ(message_of<IoError>([&] { read_file(folder / "link"); }),
            (folder / "link").string() + ": is a link to gone, which is not there");
  folder.write("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n");
  EXPECT_NE(message_of<IoError>([&] { read_file(folder / "pointer"); }).find("is a Git LFS pointer"),
            std::string::npos);
  EXPECT_FALSE(is_there(folder / "absent"));
}

TEST(ReadFile, LeavesNothingOfKilledWritersBehindWhenAsked) {
  const TemporaryFolder folder;
  folder.write(".log.jsonl.unfinished-12-0", "half");
  folder.write(".lock", "");
  folder.write("kept.json", "{}");
  remove_unfinished_files(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder / ".log.jsonl.unfinished-12-0"));
  EXPECT_TRUE(std::filesystem::exists(folder / ".lock"));
  EXPECT_TRUE(std::filesystem::exists(folder / "kept.json"));
}

TEST(Config, OfAPipeIsTheSameHoweverOftenItIsAskedFor) {
  const TemporaryFolder folder;
  const std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << R"({"seed": 7})"; });
  EXPECT_EQ(Config::from_file(pipe).integer("seed"), 7);
  writer.join();
  EXPECT_EQ(Config::from_file(pipe).integer("seed"), 7) << "the pipe is empty by now";
}

}  // namespace
}  // namespace infomtl
