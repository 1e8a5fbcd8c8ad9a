#include "infomtl/core/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "infomtl/core/cache_folder.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/utf8.h"
#include "support/temporary_folder.h"

using namespace infomtl;
namespace fs = std::filesystem;
using infomtl::testing::TemporaryFolder;

namespace {

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST(Files, BytesGoInAndOutUnchanged) {
  const TemporaryFolder folder;
  std::string content(100000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, content.size()}) {
    const fs::path file = folder.path() / "made/on/the/way" / std::to_string(length);
    write_file_atomically(file, content.substr(0, length));
    EXPECT_EQ(read_file(file), content.substr(0, length));
  }
  write_file_atomically(folder.path() / "twice", "long content");
  write_file_atomically(folder.path() / "twice", "short");
  EXPECT_EQ(read_file(folder.path() / "twice"), "short");
  EXPECT_EQ(entries(folder.path()), 2U) << "nothing is left beside";
  struct stat about {};
  ASSERT_EQ(::stat((folder.path() / "twice").c_str(), &about), 0);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  EXPECT_EQ(about.st_mode & 0777U, 0666U & ~mask);
}

TEST(Files, FailuresNameTheFileAndTheReason) {
  const TemporaryFolder folder;
  const auto message = [](auto&& body) -> std::string {
    try {
      body();
    } catch (const IoError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const fs::path missing = folder.path() / "missing";
  EXPECT_EQ(message([&] { read_file(missing); }), missing.string() + ": cannot be opened: No such file or directory");
  EXPECT_EQ(message([&] { read_file(folder.path()); }), folder.path().string() + ": cannot be read: Is a directory");
  EXPECT_EQ(message([&] { sha256_of_file(missing); }),
            missing.string() + ": cannot be opened: No such file or directory");
  write_file_atomically(folder.path() / "file", "x");
  EXPECT_NE(message([&] { write_file_atomically(folder.path() / "file/below", "x"); }), "nothing was thrown");
  EXPECT_NE(message([&] { write_file_atomically(folder.path(), "x"); }), "nothing was thrown");
  EXPECT_NE(message([&] { write_folder_atomically(folder.path() / "file", [](const fs::path&) {}); }).find("is a file"),
            std::string::npos);
  EXPECT_NE(message([&] { write_folder_atomically("..", [](const fs::path&) {}); }).find("name a folder"),
            std::string::npos);
  EXPECT_EQ(read_file(folder.path() / "file"), "x");
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, ReadsWhatHasNoSize) { EXPECT_NE(read_file("/proc/self/status").find("Name:"), std::string::npos); }

TEST(Files, AFolderIsReplacedAsAWholeOrNotAtAll) {
  const TemporaryFolder parent;
  const fs::path folder = parent.path() / "a/last";
  write_folder_atomically(folder, [](const fs::path& unfinished) { std::ofstream(unfinished / "old") << "1"; });
  write_folder_atomically(folder.string() + "/", [&](const fs::path& unfinished) {
    EXPECT_TRUE(fs::exists(folder / "old")) << "the old one stands while the new one is made";
    EXPECT_TRUE(fs::is_empty(unfinished));
    fs::create_directory(unfinished / "sub");
    std::ofstream(unfinished / "sub/new") << "2";
  });
  EXPECT_FALSE(fs::exists(folder / "old"));
  EXPECT_EQ(read_file(folder / "sub/new"), "2");
  EXPECT_THROW(write_folder_atomically(folder,
                                       [](const fs::path& unfinished) {
                                         std::ofstream(unfinished / "part") << "3";
                                         throw DataError("half-way");
                                       }),
               DataError);
  EXPECT_EQ(read_file(folder / "sub/new"), "2");
  EXPECT_EQ(entries(folder.parent_path()), 1U) << "nothing is left beside";
}

TEST(Files, RecoveryLeavesALiveWriterAlone) {
  const TemporaryFolder parent;
  const fs::path folder = parent.path() / "last";
  write_folder_atomically(folder, [&](const fs::path& unfinished) {
    std::thread reader([&] { recover_folder(folder); });
    reader.join();
    EXPECT_TRUE(fs::exists(unfinished));
    std::ofstream(unfinished / "x") << "1";
  });
  EXPECT_EQ(read_file(folder / "x"), "1");
  EXPECT_NO_THROW(recover_folder(parent.path() / "never/was"));
}

TEST(Files, ManyWritersOfOneFileLeaveOneWholeContent) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "file";
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'e'; ++c) {
    writers.emplace_back([&file, c] {
      for (int i = 0; i < 20; ++i) write_file_atomically(file, std::string(20000, c));
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string content = read_file(file);
  EXPECT_EQ(content, std::string(20000, content.at(0)));
  EXPECT_EQ(entries(folder.path()), 1U);
}

TEST(Files, Sha256HasItsPublishedValues) {
  EXPECT_EQ(sha256_of_text(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryFolder folder;
  const std::string million(1000000, 'a');
  write_file_atomically(folder.path() / "file", million + million);
  write_file_atomically(folder.path() / "a", million);
  EXPECT_EQ(sha256_of_file(folder.path() / "a"), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256_of_file(folder.path() / "file"), sha256_of_text(million + million)) << "longer than one buffer";
}

TEST(Files, Utf8IsTakenExactlyWhereItIsWellFormed) {
  const auto bad = [](std::string_view text) { return find_invalid_utf8(text); };
  constexpr auto kGood = std::string_view::npos;
  EXPECT_EQ(bad(""), kGood);
  EXPECT_EQ(bad(std::string_view("a\0b", 3)), kGood);
  EXPECT_EQ(bad("\x7F \xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"), kGood);
  EXPECT_EQ(bad("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"), kGood);
  EXPECT_EQ(bad("abc\x80"), 3U) << "a continuation byte alone";
  EXPECT_EQ(bad("a\xC0\x80"), 1U) << "overlong, two bytes";
  EXPECT_EQ(bad("a\xC1\xBF"), 1U);
  EXPECT_EQ(bad("a\xE0\x9F\xBF"), 1U) << "overlong, three bytes";
  EXPECT_EQ(bad("a\xF0\x8F\xBF\xBF"), 1U) << "overlong, four bytes";
  EXPECT_EQ(bad("a\xED\xA0\x80"), 1U) << "surrogate";
  EXPECT_EQ(bad("a\xED\xBF\xBF"), 1U);
  EXPECT_EQ(bad("a\xF4\x90\x80\x80"), 1U) << "beyond U+10FFFF";
  EXPECT_EQ(bad("a\xF5\x80\x80\x80"), 1U);
  EXPECT_EQ(bad("a\xFF"), 1U);
  for (const std::string_view cut : {"12345678\xC3", "12345678\xE2\x82", "12345678\xF0\x9F\x98"})
    EXPECT_EQ(bad(cut), 8U);
  EXPECT_EQ(bad("\xE2\x28\xA1"), 0U);
  EXPECT_EQ(bad("\xF0\x9F\x28\x80"), 0U);
}

TEST(Files, EveryCodePointIsAccepted) {
  std::string all;
  for (unsigned c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    const auto tail = [&](int shift) { return static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
    if (c < 0x80) {
      all += static_cast<char>(c);
    } else if (c < 0x800) {
      all += static_cast<char>(0xC0U | (c >> 6));
      all += tail(0);
    } else if (c < 0x10000) {
      all += static_cast<char>(0xE0U | (c >> 12));
      all += {tail(6), tail(0)};
    } else {
      all += static_cast<char>(0xF0U | (c >> 18));
      all += {tail(12), tail(6), tail(0)};
    }
  }
  EXPECT_EQ(find_invalid_utf8(all), std::string_view::npos);
}

TEST(Files, CacheFolderFollowsTheEnvironment) {
  const char* kept = ::getenv("INFOMTL_CACHE");
  const std::string before = kept == nullptr ? "" : kept;
  ::setenv("INFOMTL_CACHE", "/some/where", 1);
  EXPECT_EQ(cache_folder(), "/some/where");
  ::setenv("INFOMTL_CACHE", "", 1);
  EXPECT_EQ(cache_folder(), fs::path(::getenv("HOME")) / ".cache/infomtl");
  if (kept == nullptr) {
    ::unsetenv("INFOMTL_CACHE");
  } else {
    ::setenv("INFOMTL_CACHE", before.c_str(), 1);
  }
}
