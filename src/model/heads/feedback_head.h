#pragma once
#include <string>
#include <vector>

#include "infomtl/model/heads.h"
#include "infomtl/ops/dense_net.h"

namespace infomtl {

/// Feedback head (a reconstruction of Xi et al., arXiv:2404.00885): layers of its own, run for several rounds; from the
/// second one on what other tasks' heads said in the round before is added to the input of one of the layers.
///
/// Round 0:  y = layers(h), the linear head of the same seed for one hidden layer of width D
/// Round k:  h_j <- h_j + sum_s g_{s,j} a_s at the input of each layer j,
///           a_s = tanh(A_s p_s + b_s) with p_s = softmax of what task s said in round k - 1 (sigmoid, value)
/// where g_s is one-hot over layers: in training a straight-through Gumbel-softmax sample of learned logits, in
/// evaluation their largest. a_s is repeated over the words of a sequence, or averaged over them, where the tasks' rows
/// differ. Predictions are fed back, never labels.
class FeedbackHead final : public Head {
 public:
  using Settings = FeedbackHeadSettings;
  /// @throws ConfigError for an unknown task in `reads`, and when temperature_to is above temperature_from
  FeedbackHead(Settings settings, const HeadContext& shape);

  Prediction forward(const HeadInput& input) override;
  int rounds() const override { return static_cast<int>(settings_.rounds); }
  bool reads_tagging_heads() const override;
  bool draws_per_batch() const override;
  std::vector<ParameterGroup> parameter_groups() const override {
    return own_rate("gates.*", settings_.gate_learning_rate);
  }
  void begin_step(std::int64_t step) override { step_ = step; }

 private:
  /// Another task whose head is read.
  struct Source {
    std::size_t task = 0;
    TaskKind kind = TaskKind::classification;
    ops::DenseLayer amplifier;  ///< [D, C]
    Tensor gate;                ///< [J] logits; undefined for one layer
  };

  void add_layers(const HeadContext& shape);
  void add_sources(const HeadContext& shape);
  double temperature() const;
  /// [B, D] what a task said, amplified, one row for each of this head's.
  Tensor amplified(const Source& source, const HeadInput& input) const;
  /// [J] one-hot.
  Tensor gate(const Source& source, ops::TensorRandom* noise) const;

  Settings settings_;
  std::string task_;
  std::size_t own_ = 0;  // of the tasks, where they are known
  bool words_;           // rows are words
  ops::Activation activation_;
  std::vector<ops::DenseLayer> layers_;
  std::vector<Source> sources_;
  std::int64_t step_ = 0;
};

}  // namespace infomtl
