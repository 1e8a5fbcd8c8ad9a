#include <benchmark/benchmark.h>

#include "bench/parts.h"
#include "infomtl/core/config.h"
#include "infomtl/core/random.h"
#include "infomtl/data/packing.h"
#include "infomtl/model/encoder.h"

namespace infomtl::bench {
namespace {

const Json kShape = {
    {"model_type", "bert"},           {"vocab_size", 30522},        {"hidden_size", 384},
    {"num_hidden_layers", 6},         {"num_attention_heads", 12},  {"intermediate_size", 1536},
    {"hidden_act", "gelu"},           {"hidden_dropout_prob", 0.1}, {"attention_probs_dropout_prob", 0.1},
    {"max_position_embeddings", 512}, {"type_vocab_size", 2},       {"initializer_range", 0.02},
    {"layer_norm_eps", 1e-12},        {"pad_token_id", 0}};

Encoder& encoder() {
  static const std::shared_ptr<Encoder> made = random_encoder(kShape, 1);
  return *made;
}

/// Sequences of 5 to 60 tokens, as tweets have them.
PackedTokens ragged(std::int64_t sequences) {
  RandomStream draw(2);
  std::vector<std::int32_t> offsets{0};
  for (std::int64_t s = 0; s < sequences; ++s) {
    offsets.push_back(offsets.back() + 5 + static_cast<std::int32_t>(55.0 * draw.uniform() * draw.uniform()));
  }
  PackedTokens tokens;
  tokens.offsets = torch::tensor(offsets, torch::kInt32);
  std::vector<Tensor> positions;
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) positions.push_back(torch::arange(offsets[s + 1] - offsets[s]));
  tokens.positions = torch::cat(positions);
  tokens.ids = torch::arange(offsets.back()).mul(7919).remainder(30000).add(100);
  tokens.type_ids = torch::zeros_like(tokens.ids);
  return tokens;
}

void count_tokens(benchmark::State& state, const PackedTokens& tokens) {
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(tokens.tokens()), benchmark::Counter::kIsIterationInvariantRate);
}

void forward(benchmark::State& state) {
  const torch::NoGradGuard no_grad;
  const PackedTokens tokens = ragged(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(encoder().forward(tokens, {}).pooled);
  count_tokens(state, tokens);
}

void forward_and_backward(benchmark::State& state) {
  const PackedTokens tokens = ragged(state.range(0));
  for (auto _ : state) {
    ops::TensorRandom dropout(3);
    encoder().forward(tokens, {.dropout = &dropout}).pooled.sum().backward();
  }
  count_tokens(state, tokens);
}

}  // namespace

void register_encoder_parts() {
  benchmark::RegisterBenchmark("encoder/forward", forward)->ArgName("sequences")->Arg(8)->Arg(32)->UseRealTime();
  benchmark::RegisterBenchmark("encoder/forward_and_backward", forward_and_backward)
      ->ArgName("sequences")
      ->Arg(8)
      ->Arg(32)
      ->UseRealTime();
}

}  // namespace infomtl::bench
