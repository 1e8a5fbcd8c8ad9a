#pragma once
// Penalty: a summand of a task's objective that no weighting sees. Its gradient is added, times its weight, to what the
// weighting wrote, for shared parameters and heads alike. In a config: "penalties": [{"name": ..., "weight": 0.1}].
//
//   class OutputNorm final : public Penalty {
//    public:
//     using Settings = NoSettings;
//     explicit OutputNorm(Settings) {}
//     LossValue compute(TaskStep& step) override {
//       const Tensor& output = step.prediction().output;
//       return {output.square().sum(), torch::full({}, double(output.size(0)))};
//     }
//     std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
//   };
//   // losses/register_loss.h:
//   INFOMTL_PLUGIN("output_norm") { register_penalty<OutputNorm>(registries.penalties, "output_norm", "..."); }

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// compute() is called with a graph, in training only, once per micro-batch; like that of a loss its sum is divided by
/// the step's total count(), so micro-batches add up exactly. It may differentiate through architecture and head with
/// create_graph (they can be differentiated twice; operations of an encoder refuse that): the penalty then goes back
/// through the encoder once. A gradient g in a tensor x that is known beforehand is added by (x * g.detach()).sum().
class INFOMTL_API Penalty : public LossTerm {
 public:
  bool in_evaluation() const final { return false; }
  bool reads_labels() const final { return false; }  // a task is not trained by a penalty alone
};

using PenaltyRegistry = Registry<Penalty, const TermContext&>;
/// All penalties by name; the built-in ones are there from the start.
INFOMTL_API PenaltyRegistry& penalty_registry();
INFOMTL_API void register_builtin_penalties(PenaltyRegistry& registry);

}  // namespace infomtl
