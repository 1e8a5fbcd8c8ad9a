#pragma once
// The words of the embedded corpus, by what they mean.

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace infomtl::data {

/// Ways to say one thing; a list of tokens separated by blanks each.
using Variants = std::vector<std::string_view>;

struct Lexicon {
  std::vector<std::string_view> topics;
  std::vector<Variants> things;  ///< by topic
  std::vector<std::string_view> emotions;
  std::vector<Variants> feelings;  ///< by emotion; the first two emotions are pleasant, the others are not
  std::vector<Variants> times;     ///< past, present, future
  std::vector<Variants> hedges;    ///< by certainty 0 .. 5
  Variants first_names, last_names, places, fillers, connections;
};

const Lexicon& lexicon();
/// Every word of the corpus once, sorted.
std::vector<std::string> corpus_words();

}  // namespace infomtl::data
