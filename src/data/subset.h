#pragma once
// Subsets of rows: which texts of a split are kept.

#include <cstdint>
#include <vector>

#include "data/readers.h"
#include "infomtl/data/dataset.h"

namespace infomtl::data {

void append_texts(Texts& to, const Texts& from);
void keep_rows(SourceRows& rows, const std::vector<bool>& keep);
/// Keeps the part of a source's rows that its record takes.
void take_part(const Source& source, SourceRows& rows);

/// Keeps the rows of task t for which keep[t] says so, and drops the texts that no task labels any more.
void keep_labelled_rows(SplitData& data, const std::vector<std::vector<bool>>& keep);

/// Keeps, in each group of tasks that share texts, `fraction` of the labelled texts and at most `most` of them, and
/// drops the texts that no task labels. See load_dataset for how they are chosen.
void take_subset(SplitData& data, const std::vector<Task>& tasks, double fraction, std::int64_t most,
                 std::uint64_t run_seed, Split split);

}  // namespace infomtl::data
