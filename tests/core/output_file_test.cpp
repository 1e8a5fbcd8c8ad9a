// Outputs take the place of nothing but their own kind; what is read as a file is one.

#include "infomtl/core/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

using namespace infomtl;
namespace fs = std::filesystem;
using infomtl::testing::message_of;
using infomtl::testing::TemporaryFolder;

namespace {

const OutputKind kPage{.what = "a page", .is_of_kind = [](std::string_view text) { return text.starts_with("PAGE"); }};

}  // namespace

TEST(OutputFile, ReplacesItsOwnKindAndWhatIsEmpty) {
  const TemporaryFolder folder;
  for (const char* const earlier : {"PAGE of yesterday", ""}) {
    const fs::path file = folder.write("page", earlier);
    write_output(file, "PAGE of today", kPage);
    EXPECT_EQ(read_file(file), "PAGE of today");
  }
  write_output(folder / "new", "PAGE", kPage);
  EXPECT_EQ(read_file(folder / "new"), "PAGE");
}

TEST(OutputFile, LeavesAnythingElseAsItIs) {
  const TemporaryFolder folder;
  const fs::path config = folder.write("config.json", "{\"seed\": 3}");
  fs::create_directory(folder / "folder");
  fs::create_symlink("gone", folder / "dangling");
  EXPECT_EQ(
      message_of<UserError>([&] { write_output(config, "PAGE", kPage); }),
      config.string() +
          ": is there and cannot be told to be a page, so it is left as it is; give another name, or remove it first");
  EXPECT_EQ(read_file(config), "{\"seed\": 3}");
  EXPECT_NE(message_of<UserError>([&] { write_output(folder / "folder", "PAGE", kPage); }).find("is a folder"),
            std::string::npos);
  EXPECT_THROW(write_output(folder / "dangling", "PAGE", kPage), UserError);
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
}

TEST(OutputFile, ALinkStaysAndItsFileIsReplaced) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("page", "PAGE 1");
  fs::create_symlink("page", folder / "link");
  write_output(folder / "link", "PAGE 2", kPage);
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(file), "PAGE 2");
}

TEST(OutputFile, APipeIsWrittenTo) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [&] {
    std::ifstream in(pipe);
    return std::string(std::istreambuf_iterator<char>(in), {});
  });
  write_output(pipe, "PAGE", kPage);
  EXPECT_EQ(reader.get(), "PAGE");
  EXPECT_TRUE(fs::is_fifo(pipe)) << "another file took its name";
}

TEST(OutputFile, AFilledFolderIsRefusedByNameAndHiddenFilesDoNotCount) {
  const TemporaryFolder folder;
  refuse_filled_folder(folder / "nowhere", "a run");
  folder.write("out/.lock", "");
  refuse_filled_folder(folder / "out", "a run");
  folder.write("out/thesis.tex", "");
  EXPECT_EQ(message_of<UserError>([&] { refuse_filled_folder(folder / "out", "a run"); }),
            (folder / "out").string() +
                ": holds other things than a run (thesis.tex); choose an empty or a new folder with --output");
}

// Opening a pipe that nobody writes to would wait without end.
TEST(RegularFiles, APipeIsNoneUnlessItIsOpenAlready) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message_of<IoError>([&] { read_regular_file(pipe); }), pipe.string() + ": is a pipe; a file is needed");
  EXPECT_THROW(sha256_of_file(pipe), IoError);
  EXPECT_EQ(message_of<IoError>([] { need_regular_file("/dev/zero"); }), "/dev/zero: is a device; a file is needed");
  need_regular_file(folder / "nowhere");
  EXPECT_EQ(read_regular_file(folder.write("file", "text")), "text");

  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "text", 4), 4);
  ::close(ends[1]);
  EXPECT_EQ(read_regular_file("/dev/fd/" + std::to_string(ends[0])), "text");
  ::close(ends[0]);
}
