#include "infomtl/step/embedding_noise.h"

#include <array>
#include <charconv>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/ops/group_sums.h"
#include "infomtl/ops/information/perturbation.h"
#include "step/views.h"

namespace infomtl {
namespace {

/// [N, H] normal numbers, a text's a function of its example.
Tensor normal_rows(const TaskStep& step, const Tensor& lengths, std::int64_t width, std::uint64_t seed) {
  const Tensor& examples = step.batch().examples;
  std::vector<Tensor> rows;
  for (std::int64_t b = 0; b < lengths.size(0); ++b) {
    ops::TensorRandom random(derive_seed(seed, "embedding_noise/" + step.task().name,
                                         static_cast<std::uint64_t>(examples[b].item<std::int64_t>())));
    rows.push_back(random.normal({lengths[b].item<std::int64_t>(), width}));
  }
  return torch::cat(rows);
}

/// [N, H] the gradient of the summed supervised loss by what is added to the word embeddings.
Tensor loss_gradient(TaskStep& step, std::int64_t tokens, std::int64_t width, const torch::TensorOptions& options) {
  const torch::AutoGradMode graph(true);
  const Tensor leaf = torch::zeros({tokens, width}, options).requires_grad_(true);
  const auto pass = step.reencode({.embedding_offset = leaf});
  return torch::autograd::grad({Supervised().compute(*pass).sum}, {leaf})[0];
}

}  // namespace

void EmbeddingNoise::fields(FieldVisitor& f) {
  f.choice("kind", kind, {"random", "adversarial"}, "direction of the noise");
  f.field("strength", strength, "length of a text's noise in lengths of its word embeddings", at_least(0));
}

std::string EmbeddingNoise::name() const {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), strength).ptr;
  return kind + " " + std::string(digits.data(), end);
}

std::shared_ptr<TaskStep> with_embedding_noise(ForwardPass& pass, std::size_t k, const EmbeddingNoise& noise) {
  TaskStep& step = pass.task(k);
  const Encoder& encoder = step.model().encoder();
  if (!encoder.word_table().defined()) throw StateError("embedding noise: the encoder tells of no word embeddings");
  const PackedTokens& tokens = pass.batch().tokens;
  const Tensor own = token_rows(tokens.offsets, step.batch().rows).to(tokens.ids.device());
  const Tensor words = encoder.word_table().index_select(0, tokens.ids.index_select(0, own)).to(torch::kFloat32);
  const Tensor offsets = step.token_offsets(), lengths = offsets.diff();
  const Tensor direction =
      noise.kind == "random" ? normal_rows(step, lengths.to(torch::kCPU), words.size(1), noise.seed).to(words.device())
                             : loss_gradient(step, words.size(0), words.size(1), words.options());
  // [B] the length of each text's word embeddings, over its tokens together.
  const Tensor text = torch::arange(lengths.size(0), lengths.options()).repeat_interleave(lengths);
  const Tensor size = ops::group_sums(words.square().sum(1), text, lengths.size(0)).sqrt();
  const Tensor unit = ops::fgm_perturbation(direction, offsets, 1.0);
  return step.reencode({.embedding_offset = unit * (noise.strength * size).index_select(0, text).unsqueeze(1)});
}

}  // namespace infomtl
