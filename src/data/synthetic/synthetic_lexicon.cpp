#include "data/synthetic/synthetic_lexicon.h"

#include <algorithm>
#include <set>

namespace infomtl::data {

const Lexicon& lexicon() {
  static const Lexicon kLexicon = {
      .topics = {"kitchen", "garden", "music", "travel", "money", "health"},
      .things = {{"soup", "old oven", "bread", "copper pan", "dinner", "sharp knife", "kettle", "apple pie"},
                 {"roses", "wooden fence", "lawn", "apple tree", "seeds", "garden hose", "pond", "tool shed"},
                 {"concert", "new song", "violin", "brass band", "choir", "grand piano", "melody", "drum set"},
                 {"train", "boat trip", "ticket", "mountain road", "airport", "long flight", "map", "city bus"},
                 {"loan", "bank letter", "salary", "tax form", "budget", "house price", "invoice", "pension fund"},
                 {"clinic", "sore throat", "vaccine", "night nurse", "diet", "blood test", "bandage", "sleep plan"}},
      .emotions = {"joy", "hope", "anger", "sadness"},
      .feelings = {{"was happy about", "smiled at", "loved", "enjoyed", "was glad of", "cheered for", "adored",
                    "laughed over"},
                   {"hoped for", "looked forward to", "trusted", "believed in", "wished for", "longed for",
                    "counted on", "dreamed of"},
                   {"was angry about", "shouted at", "hated", "cursed", "was furious at", "complained about",
                    "resented", "raged over"},
                   {"was sad about", "cried over", "mourned", "missed", "was sorry for", "sighed at", "grieved over",
                    "wept at"}},
      .times = {{"yesterday", "last week", "long ago", "in spring"},
                {"today", "right now", "this morning", "tonight"},
                {"tomorrow", "next week", "very soon", "in autumn"}},
      .hedges = {{"nobody knows whether", "it is pure guesswork that", "without any proof", "one can only wonder if"},
                 {"it is doubtful that", "hardly anyone thinks that", "it seems unlikely that", "against all odds"},
                 {"perhaps", "maybe", "possibly", "some say"},
                 {"probably", "it seems that", "most likely", "many think that"},
                 {"almost certainly", "there is little doubt that", "everyone agrees that", "by all accounts"},
                 {"without question", "it is a fact that", "beyond any doubt", "as is well known"}},
      .first_names = {"anna", "boris", "clara", "david", "elena", "frank", "greta", "hugo"},
      .last_names = {"reed", "stone", "marsh", "field", "brook", "hill", "wood", "lake"},
      .places = {"paris", "new harbor", "oslo", "west bridge", "lima", "silver bay", "cairo", "north gate"},
      .fillers = {"it had rained for days", "the street was quiet", "nobody else said a word", "the phone rang twice",
                  "lunch was late again", "the door stood open", "a dog barked outside", "the news was on"},
      .connections = {"while", "and", "because", "although"}};
  return kLexicon;
}

std::vector<std::string> corpus_words() {
  std::set<std::string> words = {".", "?", "the", "in", "did", "like", "dislike"};
  const auto add = [&](const Variants& variants) {
    for (std::string_view text : variants) {
      while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        words.emplace(text.substr(0, blank));
        text.remove_prefix(std::min(blank + 1, text.size()));
      }
    }
  };
  const Lexicon& all = lexicon();
  for (const auto* groups : {&all.things, &all.feelings, &all.times, &all.hedges}) {
    for (const Variants& variants : *groups) add(variants);
  }
  for (const Variants* variants : {&all.first_names, &all.last_names, &all.places, &all.fillers, &all.connections}) {
    add(*variants);
  }
  return {words.begin(), words.end()};
}

}  // namespace infomtl::data
