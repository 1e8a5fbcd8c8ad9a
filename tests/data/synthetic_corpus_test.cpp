// The embedded corpus: the same everywhere, its limits known, its words in its vocabulary.
#include "infomtl/data/synthetic/synthetic_corpus.h"

#include <gtest/gtest.h>

#include <set>

#include "data/corpus.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using testing::corpus;
using testing::TemporaryFolder;

std::string digest(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
  }
  std::string all;
  for (const std::string& file : files) all += file + " " + sha256_of_file(folder / file) + "\n";
  return sha256_of_text(all);
}

TEST(SyntheticCorpus, IsAFunctionOfRowsAndSeed) {
  const auto written = [](std::int64_t rows, std::uint64_t seed) {
    TemporaryFolder folder;
    write_synthetic_corpus(folder.path() / "deep" / "er", {.rows = rows, .seed = seed});
    return digest(folder.path());
  };
  const std::string first = written(100, 1);
  EXPECT_EQ(first, written(100, 1));
  EXPECT_NE(first, written(100, 2));
  EXPECT_NE(first, written(101, 1));
}

TEST(SyntheticCorpus, HasSixTasksOfDifferentKindsAndSizes) {
  const Dataset& dataset = corpus().dataset;
  ASSERT_EQ(dataset.tasks.size(), 6u);
  std::set<std::string> types;
  std::set<std::size_t> classes;
  std::set<std::int64_t> sizes;
  for (const Task& task : dataset.tasks) {
    types.insert(task.type);
    sizes.insert(task.train_rows);
    if (task.type == "classification") classes.insert(task.labels.size());
  }
  EXPECT_EQ(types, (std::set<std::string>{"classification", "pair_classification", "regression", "tagging"}));
  EXPECT_EQ(classes, (std::set<std::size_t>{2, 4, 6}));
  EXPECT_EQ(sizes, (std::set<std::int64_t>{100, 200, 400}));
}

TEST(SyntheticCorpus, ItsWordsAreAllInItsVocabulary) {
  for (const Split split : kSplits) {
    const Texts& texts = corpus().dataset.split(split).texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      for (const std::string_view text : {texts.first[i], texts.second[i]}) {
        for (const std::int32_t id : corpus().tokenizer->encode(text).ids) {
          ASSERT_NE(id, corpus().tokenizer->special_ids().unk) << text;
        }
      }
    }
  }
}

TEST(SyntheticCorpus, CeilingsAreBelowOneAndWellAboveChance) {
  const Json ceilings = Json::parse(read_file(corpus().folder.path() / "ceilings.json"));
  EXPECT_EQ(ceilings.size(), 6u);
  for (const auto& [name, limits] : ceilings.items()) {
    EXPECT_GT(limits["ceiling"].get<double>(), limits["chance"].get<double>() + 0.3) << name;
    EXPECT_LT(limits["ceiling"].get<double>(), 1.0) << name;
    EXPECT_GT(limits["ceiling"].get<double>(), 0.8) << name;
  }
}

TEST(SyntheticCorpus, TestTextsUseWordsTheTrainingTextsOfTheirTaskLack) {
  const Dataset& dataset = corpus().dataset;
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const auto words = [&](Split split) {
      std::set<std::string> found;
      const SplitData& data = dataset.split(split);
      for (const std::int32_t s : data.tasks[t].sequences) {
        const std::string text(data.texts.first[static_cast<std::size_t>(s)]);
        for (std::size_t begin = 0; begin < text.size();) {
          const std::size_t end = std::min(text.find(' ', begin), text.size());
          found.insert(text.substr(begin, end - begin));
          begin = end + 1;
        }
      }
      return found;
    };
    const auto train = words(Split::train);
    std::size_t lacking = 0;
    for (const std::string& word : words(Split::test)) lacking += train.contains(word) ? 0 : 1;
    EXPECT_GT(lacking, 0u) << dataset.tasks[t].name;
  }
}

TEST(SyntheticCorpus, TooFewRowsAreRefused) {
  TemporaryFolder folder;
  EXPECT_THROW(write_synthetic_corpus(folder.path() / "x", {.rows = 19}), ConfigError);
  EXPECT_FALSE(fs::exists(folder.path() / "x"));
}

}  // namespace
}  // namespace infomtl
