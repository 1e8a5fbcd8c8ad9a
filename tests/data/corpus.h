#pragma once
// The embedded corpus of the tests, written once per process, and its tokenizer.

#include <memory>

#include "infomtl/core/config.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/text/tokenizer.h"
#include "support/temporary_folder.h"

namespace infomtl::testing {

struct Corpus {
  TemporaryFolder folder;
  Dataset dataset;
  std::shared_ptr<const Tokenizer> tokenizer;

  Corpus() {
    write_synthetic_corpus(folder.path(), {.rows = 400, .seed = 3});
    dataset = load_dataset(Config::from_file(folder.path() / "corpus.json").object("data"), 0);
    tokenizer = load_tokenizer(folder.path() / "encoder");
  }
};

inline const Corpus& corpus() {
  static const Corpus corpus;
  return corpus;
}

}  // namespace infomtl::testing
