#pragma once
// The parts of a step, timed one by one with google/benchmark: bench_parts --benchmark_filter='^loss/'. What is
// registered is read from the registries, so that a new method is timed by being listed.

namespace infomtl::bench {

void register_encoder_parts();    ///< encoder/...: packed passes of a random encoder of MiniLM's shape
void register_loss_parts();       ///< loss/<name>: a term on 32 rows, and its gradient in the representation
void register_weighting_parts();  ///< weighting/<name>/T:.../P:...: one step on given gradients
void register_optimizer_parts();  ///< optimizer/<name>/P:...: one update
void register_tokenizer_parts();  ///< tokenizer/<folder of tests/fixtures/tokenizers>: its corpus

}  // namespace infomtl::bench
