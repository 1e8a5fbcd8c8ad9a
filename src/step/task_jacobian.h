#pragma once
// Task Jacobian: the gradient of every task of a step, row by row, by one backward pass where the encoder's operations
// can tell the tasks' rows apart, else by one per task.
//
// Letters: T tasks of the step, P shared parameters, P_own those of tasks, terms and the weighting, C columns.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/optim/flat_parameters.h"
#include "step/gradient_memory.h"
#include "step/gradient_rows.h"
#include "step/step_losses.h"
#include "step/task_gradient_sink.h"

namespace infomtl {

class TaskJacobian {
 public:
  /// All of them are kept by reference. @param word_table  Encoder::word_table()
  TaskJacobian(StepLosses& losses, FlatParameters& parameters, Tensor word_table, TaskGradientSink& sink,
               GradientMemory& memory);

  bool computed() const { return rows_ != nullptr; }
  /// [T, C] over the columns that a step uses: of the word embeddings those of its tokens.
  const Tensor& used_columns();
  /// [T, P].
  Tensor whole();
  /// [T, P] of fresh passes where the parameters are now; nothing is kept.
  Tensor recomputed();
  /// gradients += sum_t weights_t g_t for shared parameters, sum_t own_weights_t g_t for the tasks' own; once computed.
  /// @param term_weights  [T] for what terms own, where they are others than `own_weights`; else undefined
  void add_combination(const Tensor& weights, const Tensor& own_weights, const Tensor& term_weights = {});
  /// [T] float64: norms of the tasks' gradients over the model's parameters, shared and the tasks' own, without what terms
  /// own; computes both unless they were.
  Tensor model_norms();

  /// [T, P_own] gradients of the tasks' own parameters, computed unless they were.
  GradientRows& own_rows();
  /// The same, zero, to be filled by add_own_rows() of every pass.
  void start_own_rows();
  void add_own_rows(const LossPass& pass) { add_separately(pass, own_, *own_rows_); }

  /// What one backward pass left to do, or found.
  struct OneBackward {
    std::vector<Tensor> not_taken;  ///< shared parameters with a gradient that the sink did not take
    std::string on_two_paths;       ///< name of a parameter that it took and that has another gradient beside; or ""
  };
  /// Whether the sink can tell the tasks of the pass apart.
  bool one_backward_suffices(const LossPass& pass) const;
  /// One backward pass over all tasks with the sink as it was opened; closes it.
  OneBackward backward_once(const LossPass& pass, bool keep_graph);
  /// Adds each task's gradients of `parameters` to its row, by one backward pass per task.
  /// @return false when a gradient has an entry without a column that is not zero
  bool add_separately(const LossPass& pass, const std::vector<Tensor>& parameters, GradientRows& rows) const;

  /// Of the shared parameters that train; those that rest have no columns.
  const std::vector<FlatSlot>& shared_slots() const { return shared_slots_; }
  /// The shared parameters and the tasks' own that train.
  const std::vector<Tensor>& shared() const { return shared_; }
  const std::vector<Tensor>& own() const { return own_; }
  /// All of their entries; of the word embeddings only the rows of the step's tokens.
  std::shared_ptr<const GradientColumns> columns_in_use() const;

 private:
  enum class Filled { complete, columns_missing, on_two_paths };
  template <class PassOf>
  Filled fill(GradientRows& rows, PassOf&& pass_of);
  Filled add_pass(const LossPass& pass, GradientRows& rows);
  void compute(bool every_column);
  /// Whether a term owns parameters that train: their columns lie among the tasks' own.
  bool terms_own() const;
  /// [T, P]: zeros where rows have no column.
  Tensor in_all_columns(GradientRows& rows) const;

  StepLosses& losses_;
  FlatParameters& parameters_;
  Tensor word_table_;
  TaskGradientSink& sink_;
  GradientMemory& memory_;
  std::vector<FlatSlot> shared_slots_, own_slots_;  // that train, as they lie in the flat buffer
  std::vector<Tensor> shared_, own_;                // their parameters
  std::unique_ptr<GradientRows> rows_, own_rows_;
  Tensor own_memory_;
  Tensor whole_;  // [T, P], where rows_ has fewer columns
};

}  // namespace infomtl
