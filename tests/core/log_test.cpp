#include "infomtl/core/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "infomtl/core/errors.h"

using namespace infomtl;

TEST(Log, SpeaksOnStderrFromItsLevelOnAndTakesBracesAsTheyAre) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  log::set_level("warning");
  log::info("not heard");
  log::warning("heard {} {0} %s");
  log::set_level("off");
  log::error("not heard");
  log::set_level("info");
  log::debug("not heard");
  log::info("heard again");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_NE(said.find("warning: heard {} {0} %s\n"), std::string::npos) << said;
  EXPECT_NE(said.find("info: heard again\n"), std::string::npos) << said;
  EXPECT_EQ(said.find("not heard"), std::string::npos) << said;
  EXPECT_THROW(log::set_level("loud"), ConfigError);
}

TEST(Log, OfSeveralThreadsHasWholeLines) {
  ::testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) log::warning("one line of words");
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 400);
  std::size_t whole = 0;
  for (std::size_t at = said.find("one line of words\n"); at != std::string::npos;
       at = said.find("one line of words\n", at + 1)) {
    ++whole;
  }
  EXPECT_EQ(whole, 400U);
}

TEST(Log, SaysEachMessageOnceWhereThatIsAskedFor) {
  ::testing::internal::CaptureStderr();
  {
    const log::EachOnce once;
    log::warning("of one file");
    const auto inner = std::make_unique<log::EachOnce>();
    log::warning("of one file");
  }
  log::warning("of one file");
  log::warning("of one file");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3) << said;
}
