#pragma once
// Sentence accuracy: the share of texts on which every one of several tasks is right, as for an intent and its slots
// (Goo et al., NAACL 2018, "sentence-level semantic frame accuracy"). Plain numbers, no tensors.
//
//   double whole = sentence_accuracy({rows_right(intents), rows_right(slots)});

#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/metrics/predictions.h"

namespace infomtl {

/// [R] whether a row is right as a whole: its class, all labels of its set, all words of its sentence (a sentence
/// without words is). @throws StateError for values, which are never right or wrong, and where sizes do not fit
INFOMTL_API std::vector<bool> rows_right(const Predictions& predictions);

/// @param tasks  rows_right() of each, at least one, over the same texts in the same order; at least one text
/// @return in [0, 1] @throws StateError where they differ in length or there is nothing to count
INFOMTL_API double sentence_accuracy(const std::vector<std::vector<bool>>& tasks);

}  // namespace infomtl
