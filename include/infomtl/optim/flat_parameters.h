#pragma once
// Flat parameters: one buffer for all parameters and one for all gradients; the model's tensors are views of them, so
// clipping, zeroing, the optimiser's update and a row of per-task gradients are single passes.
//
//   FlatParameters flat(model.shared_parameters(), model.task_parameters());
//   flat.zero_gradients();
//   loss.backward();                         // adds into flat.gradients()
//   Tensor norm = flat.clip_gradients(1.0).model;
//
// Order: shared parameters [0, P), then those of tasks, terms and the weighting, P_all in total. Parameters may rest for
// a time (a phase of training): they keep their place, but no gradient reaches them and nothing moves them.

#include <torch/types.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

using torch::Tensor;

/// Whose a parameter is.
enum class ParameterPart {
  encoder,
  shared,     ///< of the architecture, trained by all tasks: experts, a bottleneck
  task,       ///< a head's, or a task's own part of the architecture: gates, masks
  term,       ///< of a loss term: a critic, a prior
  weighting,  ///< of the weighting: log-variances
};

/// A parameter on its way into the buffer.
struct NamedParameter {
  std::string name;  ///< that it is saved under
  Tensor parameter;
  ParameterPart part = ParameterPart::shared;
  double rate_factor = 1.0;                 ///< its learning rate is the optimiser's times this
  std::optional<double> weight_decay = {};  ///< in place of the optimiser's
};
using NamedParameters = std::vector<NamedParameter>;

/// One parameter's place.
struct FlatSlot {
  std::string name;
  Tensor parameter;  ///< the model's tensor; its data and grad are views of the buffers
  std::int64_t begin = 0;
  std::int64_t end = 0;
  ParameterPart part = ParameterPart::shared;
  bool decays = true;  ///< false for biases, norms and other vectors, and for what weightings own
  bool trains = true;  ///< now; false while it rests
  double rate_factor = 1.0;
  std::optional<double> weight_decay = {};
};

/// Entries begin .. end of the buffers.
struct FlatRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Norms sqrt(sum g^2) of the gradients of what trains, accumulated in float64: scalars float64 on the device. Learned
/// weights, critics and priors have norms of their own, so that none of them shortens the model's step.
struct GradientNorms {
  Tensor model;      ///< parts encoder, shared and task
  Tensor terms;      ///< part term
  Tensor weighting;  ///< part weighting
};

class INFOMTL_API FlatParameters {
 public:
  /// Moves the parameters' data into one buffer (of their type, on their device); whatever gradients they had are
  /// dropped. The tensors stay views of the buffers, and alive, when this object is gone. A parameter that requires no
  /// gradient never trains: it is left out and left alone.
  /// @param shared  parts encoder and shared; @param own  the other parts
  /// @throws StateError for a parameter or a name given twice, mixed types or devices, one that is not a leaf, a part
  /// on the wrong list
  explicit FlatParameters(const NamedParameters& shared, const NamedParameters& own = {});

  const Tensor& values() const { return values_; }        ///< [P_all] the buffer: writing moves the model
  const Tensor& gradients() const { return gradients_; }  ///< [P_all] the buffer
  std::int64_t size() const { return values_.numel(); }   ///< P_all
  std::int64_t shared_size() const { return shared_; }    ///< P, whatever rests
  const std::vector<FlatSlot>& slots() const { return slots_; }
  /// [n] the gradient of a parameter, a flat view of gradients(); found by where its data lie, as the parameters of a
  /// saved graph are.
  /// @throws StateError for data outside the buffer
  Tensor gradient_at(const Tensor& parameter) const;
  /// The slot of a parameter, or null.
  const FlatSlot* find(const Tensor& parameter) const;

  /// Says of each slot whether it trains from now on. One that rests requires no gradient, so autograd stops at it;
  /// gradients start from zero.
  /// @param trains  one entry per slot @throws StateError for another number
  void set_training(const std::vector<bool>& trains);
  /// Neighbouring slots that train, merged: all of the buffer while nothing rests.
  const std::vector<FlatRange>& training_ranges() const { return training_; }

  /// Gradients of what trains.
  void zero_gradients();
  /// Scales the gradients of what trains by min(1, max_norm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does,
  /// model, terms and weighting each by its own norm; a limit <= 0 leaves them. Elsewhere than on the CPU those whose norm is
  /// not finite become 0.
  /// @param model  limit of the model's norm; @param others  limit of the two other norms
  /// @return the norms before clipping; 0 where nothing trains
  GradientNorms clip_gradients(double model, double others);
  GradientNorms clip_gradients(double max_norm) { return clip_gradients(max_norm, max_norm); }
  /// Name of the first parameter that trains and whose gradient has a NaN or an infinity, or "".
  std::string first_non_finite_gradient() const;

 private:
  /// Neighbouring slots that train and whose part is one of `parts`, merged.
  std::vector<FlatRange> ranges_of(std::initializer_list<ParameterPart> parts) const;
  void merge_training();

  Tensor values_, gradients_;
  std::int64_t shared_ = 0;
  std::vector<FlatSlot> slots_;
  std::vector<FlatRange> training_, model_, terms_, weighting_;
};

}  // namespace infomtl
