#pragma once
// Influence: which training rows of which task help or harm which task, by multitask influence functions (MTIF; Tu, Liu, Ma and
// Tang, arXiv 2505.21438). The encoder is frozen; linear heads, and what they share, are trained on its features to a
// stationary point of
//
//   L = sum over tasks of the mean loss of its rows + ridge/2 |parameters|^2 [+ penalty, under soft sharing]
//
// and the influence of row i of task l on task k is, to first order, how much the validation loss V_k falls when the row is
// taken out: Delta = V_k(with it) - V_k(without it) ~ -(1/n_l) grad V_k^T H^-1 grad l_i. Positive: the row is harmful to k.
//
//   const InfluenceResult found = influence_of(tasks, {.shared = "adapter:32"});
//   found.rows[0];                                            // [n, T]: rows of the first task, columns are targets
//
// The mathematics is in ops/influence; influence_run.h takes the tasks from a run folder.

#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/ops/influence/inverse_curvature.h"
#include "infomtl/ops/influence/shared_objective.h"

namespace infomtl {

struct INFOMTL_API InfluenceSettings {
  std::vector<std::string> tasks = {};  ///< empty: all
  std::string shared = "adapter:32";    ///< none, common or adapter:<rank>
  std::string sharing = "hard";
  double penalty = 0.1;
  double ridge = 0.01;
  double tolerance = 0;  ///< 0: 1e-8 where the loss is convex, else 1e-6
  std::int64_t iterations = 3000;
  std::string backend = "auto";
  std::string curvature = "auto";  ///< hessian, for ekfac gauss_newton
  double damping = 0;              ///< 0: none; of an adapter's Hessian a hundredth of the ridge
  double cg_tolerance = 1e-6;
  std::int64_t cg_iterations = 10'000;
  std::int64_t lissa_depth = 5000;
  double lissa_scale = 0;
  std::int64_t lissa_batch = 256;
  std::int64_t arnoldi_steps = 200;
  std::int64_t arnoldi_kept = 100;
  std::int64_t projection = 512;
  std::int64_t seed = 0;

  void fields(FieldVisitor& f);
};

/// What the tasks share, read from `shared` and `sharing`. @throws ConfigError in words
INFOMTL_API ops::SharedSettings shared_settings(const InfluenceSettings& settings);
/// The Hessian of an adapter has no curvature along rotations of its outputs, which change no loss: hence the damping. Its
/// Gauss-Newton curvature has some there (the ridge), and loses much of what reaches other tasks.
INFOMTL_API ops::InverseSettings inverse_settings(const InfluenceSettings& settings);

/// One task's rows as the frozen encoder sees them.
struct InfluenceTask {
  std::string name;
  TaskKind kind = TaskKind::classification;
  std::int64_t outputs = 2;                ///< C
  torch::Tensor features = {};             ///< [n, d] of the training rows
  torch::Tensor labels = {};               ///< [n] int64 of classes, [n, C] of sets, [n] of values
  std::vector<std::int32_t> numbers = {};  ///< of the training rows in the task's files, from 1
  torch::Tensor validation_features = {};  ///< [m, d]
  torch::Tensor validation_labels = {};
};

/// What a long computation tells and keeps. All may be empty.
struct InfluenceHooks {
  std::function<void(const std::string&)> progress;  ///< a line of words now and then
  /// Tensors of finished stages: a stage that was kept is not computed again.
  std::function<std::optional<torch::Tensor>(const std::string& stage)> kept;
  std::function<void(const std::string& stage, const torch::Tensor& value)> keep;
  const std::atomic<bool>* stop = nullptr;  ///< set: an InfluenceStopped leaves at the next chance
};
/// The computation was told to stop; stages that were finished are kept.
class INFOMTL_API InfluenceStopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped"; }
};

/// Where the heads stand.
struct StationaryPoint {
  torch::Tensor parameters;  ///< [P]
  double value = 0;          ///< of L
  double gradient = 0;       ///< its length
  double tolerance = 0;
  std::int64_t iterations = 0;
  bool reached = false;
};

struct InfluenceResult {
  std::vector<std::string> tasks;
  std::vector<std::vector<std::int32_t>> numbers;  ///< of each task's rows
  std::vector<torch::Tensor> rows;                 ///< per source task [n_l, T] float64
  torch::Tensor sums;                     ///< [T, T]: over the rows of a source (row of the matrix) for a target
  std::vector<double> validation_losses;  ///< per task, mean, without the regulariser
  StationaryPoint point;
  std::int64_t shared_parameters = 0, parameters = 0;
  ops::BackendChoice backend = {};
  bool kept = false;    ///< the inverse products are those of an earlier call
  double residual = 0;  ///< of them, as inverse_residual() has it
  std::vector<std::string>
      warnings;  ///< why the numbers may mean little: heads not at a stationary point, a large residual
  std::vector<std::string> notes;                       ///< what a reader must know of the data and the result
  std::vector<std::pair<std::string, double>> seconds;  ///< per stage
};

/// L over the training rows, or over the validation rows (mean losses of the same parameters).
INFOMTL_API ops::SharedObjective training_objective(const std::vector<InfluenceTask>& tasks,
                                                    const InfluenceSettings& settings);
INFOMTL_API ops::SharedObjective validation_objective(const std::vector<InfluenceTask>& tasks,
                                                      const InfluenceSettings& settings);

/// A stationary point of L by L-BFGS, with EK-FAC in place of the identity where sharing is hard; from the seed's start.
INFOMTL_API StationaryPoint stationary_point(const ops::SharedObjective& objective, const InfluenceSettings& settings,
                                             const InfluenceHooks& hooks = {});

/// [T, P]: the gradients of the tasks' validation losses.
INFOMTL_API torch::Tensor validation_gradients(const ops::SharedObjective& validation, const torch::Tensor& parameters);

/// Per source task [n_l, T]: the influence of its rows when H^-1 of the validation gradients is `inverse` [T, P].
INFOMTL_API std::vector<torch::Tensor> row_influences(const ops::SharedObjective& training,
                                                      const torch::Tensor& parameters, const torch::Tensor& inverse);

/// All of it. @throws UserError in one line for tasks of tags, of one class, without validation rows, and for a singular
/// curvature; ConfigError for settings; InfluenceStopped
INFOMTL_API InfluenceResult influence_of(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                                         const InfluenceHooks& hooks = {});

}  // namespace infomtl
