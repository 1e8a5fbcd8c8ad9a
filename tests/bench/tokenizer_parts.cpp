#include <benchmark/benchmark.h>

#include <filesystem>

#include "bench/parts.h"
#include "infomtl/core/config.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json.h"
#include "infomtl/text/tokenizer.h"
#include "support/fixture_folder.h"

namespace infomtl::bench {
namespace {

const std::filesystem::path kFixtures = std::filesystem::path(infomtl::testing::fixture_folder()) / "tokenizers";

/// All lines of the ugly corpus, one after the other.
void tokenize(benchmark::State& state, const std::string& folder) {
  const auto tokenizer = load_tokenizer(kFixtures / folder);
  const auto lines = Json::parse(read_file(kFixtures / "corpus.json")).get<std::vector<std::string>>();
  Encoding encoding;
  std::size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size();
  for (auto _ : state) {
    for (const std::string& line : lines) {
      tokenizer->encode(line, {}, encoding);
      benchmark::DoNotOptimize(encoding.ids.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

}  // namespace

void register_tokenizer_parts() {
  for (const std::string folder : {"wordpiece_uncased", "byte_level", "unigram_json", "unigram_xlmr", "bpe_deberta"}) {
    benchmark::RegisterBenchmark(("tokenizer/" + folder).c_str(),
                                 [folder](benchmark::State& state) { tokenize(state, folder); });
  }
}

}  // namespace infomtl::bench
