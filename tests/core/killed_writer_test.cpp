// A writer killed at every one of its steps. This file's rename, fsync, write, mkdir and unlink take the place of the C
// library's in this executable, so that a child can be killed before its n-th call, for every n.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "infomtl/core/files.h"
#include "support/temporary_folder.h"

namespace {
int calls_to_live = -1;  // -1: for ever

void one_call() {
  if (calls_to_live == 0) ::kill(::getpid(), SIGKILL);
  if (calls_to_live > 0) --calls_to_live;
}
}  // namespace

#pragma GCC visibility push(default)  // the standard library's calls come here too
extern "C" {
int rename(const char* from, const char* to) noexcept {
  one_call();
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int fsync(int file) {
  one_call();
  return static_cast<int>(::syscall(SYS_fsync, file));
}
int mkdir(const char* path, mode_t mode) noexcept {
  one_call();
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  one_call();
  return static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
}
ssize_t write(int file, const void* bytes, size_t count) {
  one_call();
  return ::syscall(SYS_write, file, bytes, count);
}
}
#pragma GCC visibility pop

using namespace infomtl;
namespace fs = std::filesystem;

namespace {

/// Runs `body` in a child that dies before its (calls + 1)-th call; false when it came to its end.
template <class Body>
bool killed_after(int calls, Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    calls_to_live = calls;
    body();
    calls_to_live = -1;
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << "status " << status;
  return killed;
}

void fill(const fs::path& unfinished, const std::string& content) {
  fs::create_directory(unfinished / "encoder");
  std::ofstream(unfinished / "state") << content;
  std::ofstream(unfinished / "encoder/weights") << content;
}

}  // namespace

TEST(KilledWriter, AFolderIsOldOrNewAfterRecovery) {
  std::set<std::string> seen;
  bool between_the_renames = false;
  int calls = 0;
  for (bool killed = true; killed; ++calls) {
    const infomtl::testing::TemporaryFolder parent;
    const fs::path folder = parent.path() / "last";
    write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "old"); });
    killed = killed_after(
        calls, [&] { write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "new"); }); });
    between_the_renames |= !fs::exists(folder);
    recover_folder(folder);
    const std::string state = read_file(folder / "state");
    ASSERT_TRUE(state == "old" || state == "new") << state << " after " << calls << " calls";
    ASSERT_EQ(read_file(folder / "encoder/weights"), state) << "after " << calls << " calls";
    ASSERT_EQ(std::distance(fs::directory_iterator(parent.path()), fs::directory_iterator()), 1) << calls;
    seen.insert(killed ? state : "finished " + state);
    write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "next"); });
    ASSERT_EQ(read_file(folder / "state"), "next") << "after " << calls << " calls";
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new", "finished new"}));
  EXPECT_TRUE(between_the_renames);
  EXPECT_GT(calls, 10);
}

TEST(KilledWriter, ThenTheNextWriteNeedsNoRecovery) {
  int calls = 0;
  for (bool killed = true; killed; ++calls) {
    const infomtl::testing::TemporaryFolder parent;
    const fs::path folder = parent.path() / "last";
    write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "old"); });
    killed = killed_after(
        calls, [&] { write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "new"); }); });
    write_folder_atomically(folder, [](const fs::path& unfinished) { fill(unfinished, "next"); });
    ASSERT_EQ(read_file(folder / "state"), "next") << "after " << calls << " calls";
    ASSERT_EQ(std::distance(fs::directory_iterator(parent.path()), fs::directory_iterator()), 1) << calls;
  }
}

TEST(KilledWriter, AFileIsOldOrNew) {
  std::set<std::string> seen;
  int calls = 0;
  for (bool killed = true; killed; ++calls) {
    const infomtl::testing::TemporaryFolder parent;
    const fs::path file = parent.path() / "results.json";
    write_file_atomically(file, "old");
    killed = killed_after(calls, [&] { write_file_atomically(file, "new"); });
    seen.insert(read_file(file));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
  EXPECT_GE(calls, 4);
}
