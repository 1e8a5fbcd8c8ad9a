#pragma once
// Class rows: what the rows of a split were read as, and how that is printed.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/data/class_rows.h"
#include "infomtl/data/dataset.h"

namespace infomtl::data {

/// How often each text of the label column, as it is written, was read as a class: [task][split][class], counted before
/// subsets are drawn. Behind the classes stands what is none of them.
using LabelReadings = std::vector<std::array<std::vector<std::map<std::string, std::int64_t>>, 3>>;

/// load_dataset() that also tells what labels were read from. @param readings  null: nothing is kept
Dataset load_dataset_with(const Config& data, std::uint64_t run_seed, std::vector<std::string>* problems,
                          LabelReadings* readings);

/// Everything that a data section gives.
struct ReadDataset {
  Dataset dataset;
  LabelReadings readings;
  std::vector<std::string> problems;  ///< of records and files, as load_dataset() lists them
};

/// The classes of a task in a split, each with its rows, what was read as it, and its first three texts, shortened.
std::vector<ClassRows> class_rows(const Dataset& dataset, std::size_t task, Split split, const LabelReadings& readings);

/// The labels of a task in a split that its list lacks and its record takes all the same.
std::vector<std::string> unknown_names(const Task& task, const LabelReadings& readings, std::size_t place, Split split);

/// The classes of one task in one split, by reference.
struct ClassesOfSplit {
  std::string_view task;
  Split split;
  const std::vector<ClassRows>& classes;
};

/// A line per task whose label column holds something else than the names of its classes: `"0" is not-hate, "1" is
/// hate`; a split that differs from the training split has a line of its own.
std::string readings_text(const std::vector<ClassesOfSplit>& splits);
/// Every class of every task and split, with three texts.
std::string examples_text(const std::vector<ClassesOfSplit>& splits);

}  // namespace infomtl::data
