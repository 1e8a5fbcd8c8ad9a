#include "infomtl/core/machine_cores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include "infomtl/core/files.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

/// A made-up kernel: two packages of two cores, each with two processors; 0 and 4 share a core, and so on.
class MachineCores : public ::testing::Test {
 protected:
  MachineCores() {
    std::string processors;
    for (int i = 0; i < 8; ++i) {
      const auto n = [](int number) { return std::to_string(number); };
      processors += "processor\t: " + n(i) + "\nmodel name\t: made up\nphysical id\t: " + n(i / 2 % 2) +
                    "\ncore id\t\t: " + n(i % 2) + "\n\n";
    }
    write("proc/cpuinfo", processors);
  }
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = folder_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    write_file_atomically(path, text);
  }
  void allow(const std::string& list) { write("proc/self/status", "Name:\tx\nCpus_allowed_list:\t" + list + "\n"); }
  int cores() const { return usable_cores({folder_.path() / "proc", folder_.path() / "cgroup"}); }

  testing::TemporaryFolder folder_;
};

TEST_F(MachineCores, AreThePhysicalOnesAmongTheProcessorsAllowed) {
  EXPECT_EQ(cores(), 4);
  allow("0-7");
  EXPECT_EQ(cores(), 4);
  allow("0,4");
  EXPECT_EQ(cores(), 1) << "two processors of one core";
  EXPECT_EQ(usable_cores({folder_.path() / "proc", folder_.path() / "cgroup"}, /*masked=*/false), 4);
  allow("0-1,3");
  EXPECT_EQ(cores(), 3);
  allow("");
  EXPECT_EQ(cores(), 4);
}

TEST_F(MachineCores, AreNoMoreThanTheControlGroupsGrant) {
  write("proc/self/cgroup", "0::/jobs/mine\n");
  EXPECT_EQ(cores(), 4) << "no limit anywhere";
  write("cgroup/jobs/mine/cpu.max", "max 100000\n");
  EXPECT_EQ(cores(), 4);
  write("cgroup/jobs/cpu.max", "300000 100000\n");
  EXPECT_EQ(cores(), 3) << "the group above";
  write("cgroup/jobs/mine/cpu.max", "150000 100000\n");
  EXPECT_EQ(cores(), 2);
  write("cgroup/jobs/mine/cpu.max", "20000 100000\n");
  EXPECT_EQ(cores(), 1) << "a fifth of a core";
  write("cgroup/jobs/mine/cpu.max", "nonsense\n");
  EXPECT_EQ(cores(), 3);
}

TEST_F(MachineCores, KnowTheFirstVersionOfControlGroups) {
  write("proc/self/cgroup", "9:memory:/\n4:cpu,cpuacct:/docker/abc\n0::/\n");
  write("cgroup/cpu/cpu.cfs_quota_us", "200000\n");  // as a container sees its own group
  write("cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), 2);
  write("cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cores(), 4);
}

TEST_F(MachineCores, AreThoseOfTheStandardLibraryWhereTheKernelTellsNothing) {
  const int found = usable_cores({folder_.path() / "none", folder_.path() / "none"});
  EXPECT_EQ(found, std::max<int>(static_cast<int>(std::thread::hardware_concurrency()), 1));
  EXPECT_GE(usable_cores(), 1);
}

}  // namespace
}  // namespace infomtl
