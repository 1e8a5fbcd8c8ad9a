#pragma once
// Task kind: what a label of a task is. Records, heads, losses and metrics all use these four.

namespace infomtl {

/// A pair task is a classification (or regression) over two texts. Letters: C classes.
enum class TaskKind {
  classification,  ///< one of C classes per text
  multi_label,     ///< any subset of C classes per text
  regression,      ///< a real number per text
  tagging,         ///< one of C classes per word of the text
};

}  // namespace infomtl
