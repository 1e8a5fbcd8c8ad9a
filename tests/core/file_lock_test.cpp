#include "infomtl/core/file_lock.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "support/message_of.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

TEST(FileLock, IsHeldByOneUntilItGoesAway) {
  const testing::TemporaryFolder folder;
  auto first = lock_file(folder.path() / ".lock");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(lock_file(folder.path() / ".lock"), nullptr);
  first.reset();
  EXPECT_NE(lock_file(folder.path() / ".lock"), nullptr);
  testing::message_of<IoError>([&] { lock_file(folder.path() / "nowhere" / ".lock"); });
}

}  // namespace
}  // namespace infomtl
