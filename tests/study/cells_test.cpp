#include "study/cells.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "infomtl/core/files.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/trained_run.h"
#include "support/compare.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using namespace std::chrono_literals;

/// Another process at a run, as its lock shows it: flock knows open files, not processes.
class OtherProcess {
 public:
  explicit OtherProcess(const std::filesystem::path& run) {
    std::filesystem::create_directories(run);
    file_ = ::open((run / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) ADD_FAILURE() << run << " is locked already";
  }
  ~OtherProcess() { ::close(file_); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

 private:
  int file_;
};

class Cells : public ::testing::Test {
 protected:
  Cells() {
    write_synthetic_corpus(folder_.path(), {.rows = 60, .seed = 5});
    const Json config = {{"extends", "corpus.json"},
                         {"device", "cpu"},
                         {"losses", {"supervised"}},
                         {"training", {{"max_steps", 2}, {"batch_size", 8}}}};
    folder_.write("run.json", config.dump());
    for (const std::uint64_t seed : {0, 1, 2}) cells_.push_back(cell(seed));
  }

  Cell cell(std::uint64_t seed, const std::vector<std::string>& overrides = {}) const {
    return {.key = "plain, seed " + std::to_string(seed),
            .folder = folder_.path() / "runs" / ("seed-" + std::to_string(seed)),
            .config = Config::from_file(folder_.path() / "run.json", overrides),
            .seed = seed};
  }
  CellRunner runner() const { return {cells_, {.scored_splits = {"validation"}}, 10ms}; }
  std::filesystem::path results_of(std::size_t c) const { return cells_[c].folder / "results.json"; }

  testing::TemporaryFolder folder_;
  std::vector<Cell> cells_;
};

TEST_F(Cells, AreTrainedInOrderAndReadTheNextTime) {
  CellRunner first = runner();
  EXPECT_EQ(first.counts().left, 3U);
  std::vector<std::string> order;
  first.on_start([&](const Cell& cell) {
    order.push_back("start " + cell.key);
    EXPECT_EQ(first.counts().here, 1U);
  });
  first.on_finish([&](const Cell& cell, const Results& results) {
    order.push_back("finish " + cell.key);
    EXPECT_EQ(results.seed, cell.seed);
  });
  ASSERT_TRUE(first.run());
  EXPECT_EQ(order, (std::vector<std::string>{"start plain, seed 0", "finish plain, seed 0", "start plain, seed 1",
                                             "finish plain, seed 1", "start plain, seed 2", "finish plain, seed 2"}));
  EXPECT_EQ(first.counts().finished, 3U);

  CellRunner again = runner();
  int started = 0, finished = 0;
  again.on_start([&](const Cell&) { ++started; });
  again.on_finish([&](const Cell&, const Results&) { ++finished; });
  ASSERT_TRUE(again.run());
  EXPECT_EQ(started, 0) << "finished runs are read";
  EXPECT_EQ(finished, 3);
  EXPECT_EQ(again.results()[2]->to_json().dump(), first.results()[2]->to_json().dump());
}

TEST_F(Cells, OfAnotherProcessAreSkippedAndTakenOverWhenItDies) {
  auto other = std::make_unique<OtherProcess>(cells_[0].folder);
  CellRunner here = runner();
  std::vector<std::uint64_t> order;
  here.on_start([&](const Cell& cell) { order.push_back(cell.seed); });
  int waits = 0;
  here.on_wait([&] {
    EXPECT_EQ(here.counts().finished, 2U) << "others are trained before this one is waited for";
    EXPECT_EQ(here.counts().elsewhere, 1U);
    if (++waits == 2) other.reset();  // dies without results
  });
  ASSERT_TRUE(here.run());
  EXPECT_EQ(waits, 2);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 0}));
}

TEST_F(Cells, ThatAnotherProcessFinishesAreNotTrainedAgain) {
  auto other = std::make_unique<OtherProcess>(cells_[1].folder);
  CellRunner here = runner();
  std::vector<std::uint64_t> started, finished;
  here.on_start([&](const Cell& cell) { started.push_back(cell.seed); });
  here.on_finish([&](const Cell& cell, const Results&) { finished.push_back(cell.seed); });
  here.on_wait([&] {
    if (other == nullptr) return;
    other.reset();
    CellRunner there({cells_[1]}, {.scored_splits = {"validation"}}, 10ms);
    EXPECT_TRUE(there.run());
  });
  ASSERT_TRUE(here.run());
  EXPECT_EQ(started, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(finished, (std::vector<std::uint64_t>{0, 2, 1}));
}

TEST_F(Cells, AreAllLookedAtBeforeOneIsToldToBeDone) {
  EXPECT_TRUE(CellRunner({cells_[0]}, {.scored_splits = {"validation"}}, 10ms).run());
  auto other = std::make_unique<OtherProcess>(cells_[1].folder);
  CellRunner here = runner();
  here.on_finish([&](const Cell& cell, const Results&) {
    if (cell.seed == 0) {
      EXPECT_EQ(here.counts().elsewhere, 1U);
    }
  });
  here.on_wait([&] { other.reset(); });
  EXPECT_TRUE(here.run());
}

TEST_F(Cells, EndWhenStopIsSet) {
  const std::atomic<bool> at_once = true;
  EXPECT_FALSE(runner().run(&at_once));
  EXPECT_FALSE(std::filesystem::exists(cells_[0].folder));

  // Also while only another process's run is left.
  const OtherProcess other(cells_[1].folder);
  std::atomic<bool> stop = false;
  CellRunner waiting = runner();
  waiting.on_wait([&] { stop = true; });
  EXPECT_FALSE(waiting.run(&stop));
  EXPECT_EQ(waiting.counts().finished, 2U);
}

TEST_F(Cells, ThatFailLeaveTheOthersAloneWhereSomebodyListens) {
  cells_[1] = cell(1, {"losses=[\"supervized\"]"});
  try {
    runner().run();
    FAIL() << "the error of a run was lost";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("plain, seed 1: "), std::string::npos) << error.what();
  }
  CellRunner here = runner();
  std::vector<std::string> failed;
  here.on_failure([&](const Cell& cell, const Error& error) { failed.push_back(cell.key + " " + error.what()); });
  EXPECT_TRUE(here.run());
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_NE(failed[0].find("supervised"), std::string::npos) << failed[0];
  EXPECT_EQ(here.counts().failed, 1U);
  EXPECT_EQ(here.counts().finished, 2U);
  EXPECT_FALSE(here.results()[1].has_value());
}

TEST_F(Cells, OfAnotherConfigAreRefused) {
  ASSERT_TRUE(runner().run());
  cells_[2] = cell(2, {"training.batch_size=9"});
  EXPECT_THROW(runner().run(), UserError);
}

TEST_F(Cells, AreScoredOnTestOnlyWhenItIsAskedFor) {
  cells_.erase(cells_.begin() + 1, cells_.end());
  ASSERT_TRUE(runner().run());
  EXPECT_EQ(Json::parse(read_file(results_of(0)))["average"].contains("test"), false);
  CellRunner later(cells_, {.scored_splits = {"validation", "test"}}, 10ms);
  ASSERT_TRUE(later.run());
  const Results& both = *later.results()[0];
  EXPECT_EQ(both.splits(), (std::vector<std::string>{"validation", "test"}));
  EXPECT_EQ(Json::parse(read_file(results_of(0)))["average"]["test"].get<double>(), both.average.at("test"));
  EXPECT_DOUBLE_EQ(TrainedRun::load(cells_[0].folder).evaluate("test").average.at("test"), both.average.at("test"));
}

}  // namespace
}  // namespace infomtl
