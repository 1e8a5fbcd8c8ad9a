#pragma once
// Run place: which run, and which of its checkpoints, a folder on the command line means.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/data/task.h"

namespace infomtl {

struct RunPlace {
  std::filesystem::path run;
  std::filesystem::path checkpoint = {};  ///< where one was named; empty: the best; the same as `run`: saved by hand
};

/// A run folder, one of its checkpoints, or a model that a program has saved by hand.
/// @throws UserError for folders of several runs (seeds, a comparison, a search), naming them
RunPlace run_place(const std::filesystem::path& given);

/// A checkpoint with the tasks that it answers, as indices among all of them.
struct TasksOfCheckpoint {
  std::filesystem::path checkpoint;
  std::vector<std::size_t> tasks;
  std::int64_t step = 0;  ///< optimiser steps done
  bool own = false;       ///< these tasks' own best
};

/// The tasks of a run in order, and the checkpoints that answer them: `best`, or a task's own best where the run keeps one
/// (selection.per_task); the one that was named for all. @throws IoError, FormatError
struct RunCheckpoints {
  std::vector<Task> tasks;
  std::vector<TasksOfCheckpoint> checkpoints;

  static RunCheckpoints of(const RunPlace& place);
};

}  // namespace infomtl
