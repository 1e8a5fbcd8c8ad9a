#pragma once
// Head: one task's way from its representation to its prediction.
//
//   class Scaled final : public Head {
//    public:
//     Prediction forward(const HeadInput& input) override { return {.output = net_->forward(input.representation)}; }
//   };
//
// Letters: B rows, D width of the task's representation, C outputs of the task.

#include <torch/nn/module.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/task.h"
#include "infomtl/model/weight_posterior.h"
#include "infomtl/ops/tensor.h"
#include "infomtl/ops/tensor_random.h"
#include "infomtl/optim/parameter_groups.h"

namespace infomtl {

struct Prediction {
  Tensor output;     ///< [B, C] logits or values that the task loss reads; a sample in training for stochastic heads
  Tensor mean = {};  ///< [B, C] stochastic heads only, else undefined
  Tensor log_variance = {};  ///< [B, C] stochastic heads only, else undefined
  /// [B, C] each: outputs of earlier rounds, oldest first; heads of several rounds only.
  std::vector<Tensor> earlier = {};
};

/// Random numbers of a head in training; null pointers mean evaluation (no dropout, mean instead of a sample).
struct HeadRandom {
  ops::TensorRandom* dropout = nullptr;
  ops::TensorRandom* noise = nullptr;
};

/// The heads of all tasks on the sequences that one of them is given. A prediction is computed when first asked for.
class INFOMTL_API OtherHeads {
 public:
  virtual ~OtherHeads() = default;
  virtual const std::vector<Task>& tasks() const = 0;
  /// Of the head of tasks()[task] on the same sequences, read through that task's part of the architecture; with graph.
  /// Between heads of several rounds it is the one of the round before (Head::rounds()), so that they may read each other.
  virtual const Prediction& prediction(std::size_t task) = 0;
  /// [S+1] int64: of a tagging task the rows of its prediction that are sequence s's words are word_offsets[s] ..
  /// word_offsets[s+1] (none where a text was not given as words); undefined for other tasks, whose rows are sequences.
  virtual Tensor word_offsets(std::size_t task) = 0;
};

/// What a head reads.
struct INFOMTL_API HeadInput {
  Tensor representation;  ///< [B, D]: one row per sequence, or per word for tagging
  HeadRandom random = {};
  OtherHeads* others = nullptr;  ///< null where a head is called alone
  int round = 0;                 ///< of Head::rounds(), from 0
  /// What the architecture proposes as the head's weights (Architecture::head_weights); null for most.
  const WeightPosterior* weights = nullptr;
  /// The encoder's states of every token of the rows' sequences, end to end, special ones included: row b has token_states[
  /// token_offsets[b] .. token_offsets[b+1]]. Defined for heads that say reads_token_states(), unless called alone.
  Tensor token_states = {};   ///< [N, H]
  Tensor token_offsets = {};  ///< [B+1] int64

  /// [B, C_other] and so on: another task's prediction on these sequences, whether or not they are labelled for it. Its
  /// parameters then get gradients of this task's loss too. See OtherHeads::prediction() for heads of several rounds.
  /// @throws StateError for heads that ask for each other in a circle, an unknown task, or a head that is called alone
  const Prediction& other(std::size_t task) const;
  const Prediction& other(std::string_view task) const;
};

class INFOMTL_API Head : public torch::nn::Module {
 public:
  virtual Prediction forward(const HeadInput& input) = 0;
  /// How often the head is run on the same rows, each time with HeadInput::round one higher; the last prediction counts.
  /// Heads of several rounds can read each other: each sees what the others (and itself) said in the round before, and
  /// asks nobody in round 0. Rounds are the same in training and evaluation, and HeadInput::random gives the same numbers
  /// in each of them: rounds repeat one map, and what differs between them is what was read.
  virtual int rounds() const { return 1; }
  /// Whether it reads heads, its own of the round before included, so that it can't be called alone.
  virtual bool reads_heads() const { return rounds() > 1; }
  /// Whether its weights are HeadInput::weights, which the architecture must propose.
  virtual bool takes_weights() const { return false; }
  /// Whether it draws something for all rows of a batch (a gate), so that a micro-batch gets a draw of its own.
  virtual bool draws_per_batch() const { return false; }
  /// Rates of its own for what it learns (optim/parameter_groups.h: own_rate), matched against the names of its parameters;
  /// a config's groups win.
  virtual std::vector<ParameterGroup> parameter_groups() const { return {}; }
  /// Whether it asks heads of tagging tasks about rows that are sequences, for which states of words must be at hand.
  virtual bool reads_tagging_heads() const { return false; }
  /// Whether it reads HeadInput::token_states; rows are then sequences.
  virtual bool reads_token_states() const { return false; }
  /// Says the 0-based optimiser step before each training pass: what is annealed is a function of it, not a state.
  virtual void begin_step(std::int64_t /*step*/) {}
  /// Whether predictions carry mean and log-variance.
  virtual bool gaussian() const { return false; }
  /// What a head with random weights (variational multi-task learning) knows of them, with graph; none for others.
  virtual std::optional<WeightPosterior> weight_posterior() const { return std::nullopt; }

  /// What a config says to get it, as JSON text; empty for one that was made another way. Checkpoints keep it.
  const std::string& made_as() const { return made_as_; }
  void set_made_as(std::string config) { made_as_ = std::move(config); }

 private:
  std::string made_as_;
};

/// Width D of the representation and the task; factories draw initial weights from the seed.
struct HeadContext {
  std::int64_t width = 0;  ///< D
  const Task* task = nullptr;
  std::uint64_t seed = 0;
  /// All tasks of the model, as OtherHeads::tasks(); null where a head is made alone.
  const std::vector<Task>* tasks = nullptr;
};

using HeadRegistry = Registry<Head, const HeadContext&>;
INFOMTL_API HeadRegistry& head_registry();
INFOMTL_API void register_builtin_heads(HeadRegistry& registry);

}  // namespace infomtl
