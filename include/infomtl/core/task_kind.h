#pragma once
// Task kind: what a label of a task is. Records, heads, losses and metrics use these four kinds.

#include <cstdint>

namespace infomtl {

/// A pair task is a classification (or regression) over two texts. Letters: C classes.
enum class TaskKind {
  classification,  ///< one of C classes per text
  multi_label,     ///< any subset of C classes per text
  regression,      ///< a real number per text
  tagging,         ///< one of C classes per word of the text
};

/// The gold label of an evaluation row that the task's list of labels does not have (ATIS has some). No prediction
/// equals it: a metric counts the row as wrong, a loss leaves it out (it is the ignore index of cross entropy).
inline constexpr std::int32_t kUnknownLabel = -100;

}  // namespace infomtl
