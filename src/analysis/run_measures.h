#pragma once
// Run measures: what finished runs have written down of how their tasks relate; no model is loaded.

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/related_runs.h"
#include "infomtl/analysis/relatedness_measure.h"

namespace infomtl {

class Config;

/// A measure without values. @param tasks  how many
RelatednessMeasure empty_measure(std::string name, std::string meaning, std::size_t tasks, bool directed);

/// The score of the target in runs of two tasks minus its score in runs of it alone, mean over the seeds that both have; turned
/// where lower is better. Of the method that has the most pairs; its tasks alone may come from another method, which
/// `left_out` then says, as it does of pairs that are missing.
/// @return nothing to show where no pair is known
RelatednessMeasure transfer_gain(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                 const std::string& split, std::vector<std::string>& left_out);

/// What results.json says of similarities that architectures learned and of weights that loss terms learned: a measure for
/// each, mean over the runs of a method that have all tasks.
std::vector<RelatednessMeasure> learned_weights(const std::vector<RelatedRun>& runs,
                                                const std::vector<std::string>& tasks,
                                                std::vector<std::string>& left_out);

/// The task-to-task sums of influence/influence.json, negated so that more is better; mean over the runs that have all tasks.
RelatednessMeasure influence_sums(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                  std::vector<std::string>& left_out);

/// Normalised mutual information of the labels of tasks of single classes on the training texts that both label.
/// @param data  the data of a config
RelatednessMeasure label_dependence(const Config& data, std::uint64_t seed, const std::vector<std::string>& tasks,
                                    const std::string& source, std::vector<std::string>& left_out);

/// Whether a pair of different tasks has a number.
bool has_values(const RelatednessMeasure& measure);

}  // namespace infomtl
