#pragma once
// The embedded corpus: self-made English-like text for six tasks of different kinds and sizes, from one hidden
// situation a sentence (who, what, where, how they feel, when, how sure). For tests and for places without real data.
//
//   write_synthetic_corpus("corpus", {.rows = 1000, .seed = 7});
//   Config config = Config::from_file("corpus/corpus.json");          // "data" and "encoder" of a config, to extend
//   Dataset dataset = load_dataset(config.object("data"), run_seed);

#include <cstdint>
#include <filesystem>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

struct SyntheticCorpusSettings {
  std::int64_t rows = 2000;  ///< training rows of the largest task, at least 20; the others have a half or a quarter
  std::uint64_t seed = 0;
};

/// Writes, the same bytes for the same settings on every machine:
/// - `tasks/<name>.json` and the files they name: topic (6 classes), polarity (2), emotion (4), answer (a question and
///   a sentence, 2), certainty (regression, 0 to 5), spans (tagging);
/// - `corpus.json`: the `data` and `encoder` objects of a config, to be named by `extends`;
/// - `ceilings.json`: for each task the score of always saying the commonest thing (`chance`) and the score of the true
///   labels against the noisy ones of the test split (`ceiling`), in the task's metric;
/// - `encoder/`: config.json, vocab.txt and tokenizer_config.json of a small word-level BERT (no weights).
/// Labels carry noise; the training texts of each task lack some words that its test texts use and that other tasks'
/// training texts hold, so that what one task learns helps another.
/// @return the content of ceilings.json
/// @throws ConfigError, IoError
INFOMTL_API Json write_synthetic_corpus(const std::filesystem::path& folder, const SyntheticCorpusSettings& settings);

}  // namespace infomtl
