#pragma once
// Dummy gradient norm regularisation (DGR; Shin, Do and Son, ECCV 2024): a representation is universal where even a head that
// knows nothing has little to learn, that is where the loss's gradient in the parameters of such a dummy head is small.
//
//   "penalties": [{"name": "dgr", "weight": 0.1}]
//
// The weight goes with the dummies' size: the paper takes 0.1 for dense tasks and 1e-6 for UTKFace.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/penalty.h"

namespace infomtl {

class StepAverage;

/// R_t = (1/M) sum_m || d L_t(dummy_{m,t}(z), y_t) / d psi_{m,t} ||^2
///
/// L_t: the mean supervised loss over the batch's known labels; z: the task's representation, TaskRepresentation::value;
/// psi_{m,t}: the parameters of the m-th dummy head of the task, made as the real one is. The paper has the gradient of the
/// sum of all tasks' losses in all dummies together: a dummy meets the loss of its own task alone, so that its square is the
/// sum of these penalties over tasks.
///
/// Dummies are a function of the seed, the task's name and m. They are no part of the module: never trained, never saved.
/// Their dropout is off, and a gaussian one gives its mean. Second derivatives are taken through the dummies only; the
/// gradient of R_t in z goes back through architecture and encoder once.
///
/// R_t compares rows. Where a step accumulates, it is the mean over micro-batches of the R_t of each, weighted by their
/// labels. R_t also falls where ||z|| does: the log shows its mean, diagnostics/dgr/<task>/representation_norm.
class INFOMTL_API DummyGradientNorm final : public Penalty {
 public:
  struct Settings {
    std::int64_t dummies = 1;    ///< M, heads per task
    std::string form = "exact";  ///< double backpropagation, or "finite_difference" as in the released code
    double epsilon = 1e-3;       ///< of the finite difference: length of the step in psi, > 0
    void fields(FieldVisitor& f);
  };
  /// @throws ConfigError
  DummyGradientNorm(Settings settings, const TermContext& context);

  Needs needs() const override { return {.lone_head = true}; }
  /// @throws ConfigError for a model that was given its heads and can't make others
  void check(const MultiTaskModel& model) const override;
  /// Known labels: rows, or words of a tagging task.
  std::int64_t count(const TaskBatch& rows) const override;
  /// @throws ConfigError for a head that can't be called alone
  LossValue compute(TaskStep& step) override;
  bool compares_rows() const override { return true; }
  std::vector<std::pair<std::string, double>> diagnostics() const override;

 private:
  const std::vector<std::shared_ptr<Head>>& dummies_of(const TaskStep& step, const Tensor& rows);

  Settings settings_;
  std::uint64_t seed_;
  std::vector<std::string> tasks_;
  std::vector<std::vector<std::shared_ptr<Head>>> dummies_;  ///< [T][M], made when first needed
  std::shared_ptr<StepAverage> norm_;                        ///< per task: mean ||z|| of its last step
};

}  // namespace infomtl
