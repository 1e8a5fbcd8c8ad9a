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
  EXPECT_EQ(message_of<FormatError>([] { parse_json(R"({"a": [{"b": 1}, {"b": 1, "b": 2}]})", "f"); }),
            "f:1:27: \"/a/1/b\" is written twice in one object; keep one of them");
  EXPECT_EQ(parse_json(R"({"a": {"b": 1}, "b": 2})", "f").at("b"), 2);
  // The byte is that of the key's first quote, whatever the key holds.
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"\\\"\": 1,\n\"\\\"\": 2}", "f", 7); }).find("f:8:1: "), 0U);
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"\": 1,\n \"\": 2}", "f"); }).find("f:2:2: "), 0U);
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\\\\\": 1,\n \"a\\\\\": 2}", "f"); }).find("f:2:2: "), 0U);
}

TEST(ParseJson, RefusesAnObjectOfMoreKeysThanASearchIsQuickIn) {
  const auto object = [](int keys) {
    std::string text = "[{";
    for (int k = 0; k < keys; ++k) text += (k == 0 ? "\"k" : ",\n\"k") + std::to_string(k) + "\": 0";
    return text + "}]";
  };
  EXPECT_EQ(parse_json(object(10000), "f").at(0).size(), 10000U);
  EXPECT_EQ(
      message_of<FormatError>([&] { parse_json(object(100000), "f"); }),
      "f:10001:1: \"/0/k10000\" is one key more than an object may have, 10000; so many things belong into an array");
}

TEST(ParseJson, RefusesNestingThatARecursionWouldNotSurvive) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(200), "f"));
  for (const std::size_t depth : {201UL, 1000000UL}) {
    EXPECT_NE(message_of<FormatError>([&] { parse_json(nested(depth), "f"); }).find("f:1:201: "), std::string::npos);
  }
}

TEST(ParseJson, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\": 1,\n2}", "f"); }).find("f:2:1: not valid JSON: "), 0U);
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\": 1,\n}", "f", 3); }),
            "f:3:8: not valid JSON: a comma too many");
  EXPECT_EQ(message_of<FormatError>([] { parse_json("{\"a\": [-1e999 ]}", "f"); }),
            "f:1:8: \"/a/0\" is too large a number");
  EXPECT_EQ(message_of<FormatError>([] { parse_json("1e999", "f"); }), "f:1:1: the value is too large a number");
}

TEST(ParseJson, RefusesANulByteWhereverItStands) {
  using namespace std::string_literals;
  for (const std::string& text : {"\0"s, "{}\0"s, "{}\0 more"s, "{\"a\": \"b\0\"}"s}) {
    EXPECT_NE(message_of<FormatError>([&] { parse_json(text, "f"); }).find(": a NUL byte"), std::string::npos) << text;
  }
}

TEST(ParseJson, OfAFileNamesItAndThePlace) {
  const TemporaryFolder folder;
  const auto by_tree = [](const std::string& text) {
    return message_of<FormatError>([&] { parse_json_by_tree(text, "vocab.json"); });
  };
  EXPECT_EQ(by_tree(R"({"a": [0, {"b/c": 1, "b/c": 2}]})"),
            "vocab.json:1:22: \"/a/1/b~1c\" is written twice in one object; keep one of them");
  EXPECT_EQ(by_tree("{\"a\": 1,\n}"), "vocab.json:1:8: not valid JSON: a comma too many");
  EXPECT_EQ(by_tree("{\"a\": 1e999}"), "vocab.json:1:7: \"/a\" is too large a number");
  EXPECT_NE(by_tree(std::string(1000, '[')).find(" is nested deeper than 200"), std::string::npos);
  const auto file = folder.write("config.json", R"({"a": 1, "a": 2})");
  EXPECT_EQ(message_of<FormatError>([&] { read_json(file); }),
            file.string() + ":1:10: \"/a\" is written twice in one object; keep one of them");
}

TEST(ReasonOf, IsPlainWords) {
  try {
    Json().at("key");
    ADD_FAILURE();
  } catch (const Json::exception& error) {
    EXPECT_EQ(reason_of(error), "found null in place of an object or list");
  }
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
