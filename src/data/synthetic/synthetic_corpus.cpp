#include "infomtl/data/synthetic/synthetic_corpus.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "data/synthetic/synthetic_lexicon.h"
#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/random.h"
#include "infomtl/data/dataset.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using data::Lexicon;
using data::lexicon;
using data::Variants;

/// Words and their tags, growing from left to right.
struct Sentence {
  std::vector<std::string> words, tags;

  void add(std::string_view text, const std::string& entity = "") {
    bool first = true;
    while (!text.empty()) {
      const std::size_t blank = std::min(text.find(' '), text.size());
      words.emplace_back(text.substr(0, blank));
      tags.push_back(entity.empty() ? "O" : (first ? "B-" : "I-") + entity);
      text.remove_prefix(std::min(blank + 1, text.size()));
      first = false;
    }
  }
};

struct Situation {
  std::size_t topic, thing, emotion, feeling, time, time_words, certainty, hedge, first_name, last_name, place;
  bool full_name;
  std::string name() const {
    std::string text(lexicon().first_names[first_name]);
    if (full_name) text += " " + std::string(lexicon().last_names[last_name]);
    return text;
  }
};

/// Draws situations and words. In training, every list of eight variants lacks the one whose number is the task's.
class Writer {
 public:
  Writer(std::uint64_t seed, std::size_t task, bool test) : random_(seed), task_(task), test_(test) {}

  RandomStream& random() { return random_; }
  bool chance(double p) { return random_.uniform() < p; }
  std::size_t below(std::size_t n) { return random_.below(n); }

  std::size_t variant(const Variants& variants) {
    std::size_t choice = below(variants.size());
    while (!test_ && variants.size() == 8 && choice == task_) choice = below(variants.size());
    return choice;
  }

  Situation situation() {
    const Lexicon& all = lexicon();
    Situation s{};
    s.topic = below(all.topics.size());
    s.thing = variant(all.things[s.topic]);
    s.emotion = below(all.emotions.size());
    s.feeling = variant(all.feelings[s.emotion]);
    s.time = below(all.times.size());
    s.time_words = variant(all.times[s.time]);
    s.certainty = below(all.hedges.size());
    s.hedge = variant(all.hedges[s.certainty]);
    s.first_name = variant(all.first_names);
    s.last_name = variant(all.last_names);
    s.place = variant(all.places);
    s.full_name = chance(0.5);
    return s;
  }

  /// The same situation in one of several word orders, with a distracting clause now and then.
  Sentence say(const Situation& s) {
    const Lexicon& all = lexicon();
    Sentence sentence;
    const bool time_first = chance(0.5);
    const bool with_place = chance(0.7);
    if (chance(0.25)) {
      sentence.add(all.fillers[variant(all.fillers)]);
      sentence.add(all.connections[below(all.connections.size())]);
    }
    if (time_first) sentence.add(all.times[s.time][s.time_words]);
    sentence.add(all.hedges[s.certainty][s.hedge]);
    sentence.add(s.name(), "person");
    sentence.add(all.feelings[s.emotion][s.feeling]);
    sentence.add("the");
    sentence.add(all.things[s.topic][s.thing], "item");
    if (with_place) {
      sentence.add("in");
      sentence.add(all.places[s.place], "place");
    }
    if (!time_first) sentence.add(all.times[s.time][s.time_words]);
    if (chance(0.25)) {
      sentence.add(all.connections[below(all.connections.size())]);
      sentence.add(all.fillers[variant(all.fillers)]);
    }
    sentence.add(".");
    return sentence;
  }

  /// A class, or with probability `noise` another one.
  std::size_t noisy(std::size_t label, std::size_t classes, double noise) {
    return chance(noise) ? (label + 1 + below(classes - 1)) % classes : label;
  }
  /// About normal: twelve uniform numbers, the same on every machine.
  double bell() {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += random_.uniform();
    return sum;
  }

 private:
  RandomStream random_;
  std::size_t task_;
  bool test_;
};

/// One row as written, and how right the truth is about it.
struct Row {
  std::string text, pair, label;
  double truth = 0.0, written = 0.0;  ///< classes, or values
  std::size_t entities = 0, entities_kept = 0;
};

struct SyntheticTask {
  std::string name, type, metric;
  std::vector<std::string> labels;
  std::int64_t share;  ///< training rows are settings.rows / share
  std::function<Row(Writer&)> row;
};

Row class_row(Writer& writer, const Sentence& sentence, std::size_t truth, const std::vector<std::string>& labels,
              double noise) {
  const std::size_t written = writer.noisy(truth, labels.size(), noise);
  return {.text = joined(sentence.words, " "),
          .pair = "",
          .label = labels[written],
          .truth = static_cast<double>(truth),
          .written = static_cast<double>(written)};
}

std::vector<std::string> names(const std::vector<std::string_view>& views) { return {views.begin(), views.end()}; }

bool pleasant(const Situation& s) { return s.emotion < 2; }

Row answer_row(Writer& writer, const std::vector<std::string>& labels) {
  const Situation s = writer.situation();
  const bool negated = writer.chance(0.25);
  Row row = class_row(writer, writer.say(s), pleasant(s) != negated ? 1 : 0, labels, 0.05);
  row.pair = row.text;
  row.text = "did " + s.name() + (negated ? " dislike the " : " like the ") +
             std::string(lexicon().things[s.topic][s.thing]) + " ?";
  return row;
}

Row certainty_row(Writer& writer) {
  const Situation s = writer.situation();
  Row row;
  row.text = joined(writer.say(s).words, " ");
  row.truth = static_cast<double>(s.certainty);
  const auto hundredths = std::clamp<long long>(std::llround((row.truth + 0.5 * writer.bell()) * 100.0), 0, 500);
  row.written = static_cast<double>(hundredths) / 100.0;
  const std::string cents = std::to_string(hundredths % 100);
  row.label = std::to_string(hundredths / 100) + "." + (cents.size() == 1 ? "0" : "") + cents;
  return row;
}

Row spans_row(Writer& writer) {
  Sentence sentence = writer.say(writer.situation());
  Row row;
  bool dropping = false;
  for (std::string& tag : sentence.tags) {
    if (tag.starts_with("B-")) {
      dropping = writer.chance(0.05);
      ++row.entities;
      row.entities_kept += dropping ? 0 : 1;
    }
    if (dropping && tag != "O") tag = "O";
  }
  row.text = joined(sentence.words, " ");
  row.label = joined(sentence.tags, " ");
  return row;
}

std::vector<SyntheticTask> synthetic_tasks() {
  const auto topics = names(lexicon().topics);
  const auto emotions = names(lexicon().emotions);
  const std::vector<std::string> polarity = {"negative", "positive"};
  const std::vector<std::string> answers = {"no", "yes"};
  return {
      {"topic", "classification", "accuracy", topics, 1,
       [=](Writer& w) {
         const Situation s = w.situation();
         return class_row(w, w.say(s), s.topic, topics, 0.08);
       }},
      {"polarity", "classification", "accuracy", polarity, 2,
       [=](Writer& w) {
         const Situation s = w.situation();
         return class_row(w, w.say(s), pleasant(s) ? 1 : 0, polarity, 0.05);
       }},
      {"emotion", "classification", "accuracy", emotions, 4,
       [=](Writer& w) {
         const Situation s = w.situation();
         return class_row(w, w.say(s), s.emotion, emotions, 0.1);
       }},
      {"answer", "pair_classification", "accuracy", answers, 1, [=](Writer& w) { return answer_row(w, answers); }},
      {"certainty", "regression", "pearson", {}, 2, [](Writer& w) { return certainty_row(w); }},
      {"spans",
       "tagging",
       "entity_f1",
       {"O", "B-person", "I-person", "B-item", "I-item", "B-place", "I-place"},
       4,
       [](Writer& w) { return spans_row(w); }},
  };
}

double correlation(const std::vector<Row>& rows) {
  double mean_x = 0.0, mean_y = 0.0;
  for (const Row& row : rows) {
    mean_x += row.truth / static_cast<double>(rows.size());
    mean_y += row.written / static_cast<double>(rows.size());
  }
  double xy = 0.0, xx = 0.0, yy = 0.0;
  for (const Row& row : rows) {
    xy += (row.truth - mean_x) * (row.written - mean_y);
    xx += (row.truth - mean_x) * (row.truth - mean_x);
    yy += (row.written - mean_y) * (row.written - mean_y);
  }
  return xy / std::sqrt(xx * yy);
}

double four_decimals(double value) { return std::round(value * 1e4) / 1e4; }

/// Scores of the commonest answer and of the truth on the rows of a split, in the task's metric.
Json limits_of(const SyntheticTask& task, const std::vector<Row>& rows) {
  double chance = 0.0, ceiling = 0.0;
  if (task.metric == "pearson") {
    ceiling = correlation(rows);
  } else if (task.metric == "entity_f1") {
    std::size_t all = 0, kept = 0;
    for (const Row& row : rows) {
      all += row.entities;
      kept += row.entities_kept;
    }
    const double precision = static_cast<double>(kept) / static_cast<double>(all);  // recall of the truth is 1
    ceiling = 2.0 * precision / (1.0 + precision);
  } else {
    std::vector<std::size_t> counts(task.labels.size());
    std::size_t right = 0;
    for (const Row& row : rows) {
      ++counts[static_cast<std::size_t>(row.written)];
      right += row.truth == row.written ? 1U : 0U;
    }
    chance = static_cast<double>(*std::max_element(counts.begin(), counts.end())) / static_cast<double>(rows.size());
    ceiling = static_cast<double>(right) / static_cast<double>(rows.size());
  }
  return {{"metric", task.metric}, {"chance", four_decimals(chance)}, {"ceiling", four_decimals(ceiling)}};
}

void write_json(const fs::path& file, const Json& json) { write_file_atomically(file, json.dump(2) + "\n"); }

void write_encoder(const fs::path& folder) {
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  const auto words = data::corpus_words();
  for (const std::string& word : words) vocabulary += word + "\n";
  write_file_atomically(folder / "vocab.txt", vocabulary);
  write_json(folder / "tokenizer_config.json", {{"tokenizer_class", "BertTokenizer"}, {"do_lower_case", true}});
  write_json(folder / "config.json", {{"architectures", {"BertModel"}},
                                      {"model_type", "bert"},
                                      {"vocab_size", words.size() + 5},
                                      {"hidden_size", 64},
                                      {"num_hidden_layers", 2},
                                      {"num_attention_heads", 4},
                                      {"intermediate_size", 128},
                                      {"hidden_act", "gelu"},
                                      {"hidden_dropout_prob", 0.1},
                                      {"attention_probs_dropout_prob", 0.1},
                                      {"max_position_embeddings", 128},
                                      {"type_vocab_size", 2},
                                      {"initializer_range", 0.05},
                                      {"layer_norm_eps", 1e-12},
                                      {"pad_token_id", 0}});
}

std::vector<Row> write_split(const fs::path& folder, const SyntheticTask& task, std::size_t number, Split split,
                             std::int64_t rows, std::uint64_t seed) {
  const std::string name(split_name(split));
  Writer writer(derive_seed(seed, "corpus/" + task.name + "/" + name), number, split == Split::test);
  std::vector<Row> written;
  std::string texts, labels, table = "question\tsentence\tlabel\n";
  for (std::int64_t i = 0; i < rows; ++i) {
    written.push_back(task.row(writer));
    const Row& row = written.back();
    texts += row.text + "\n";
    labels += row.label + "\n";
    table += row.text + "\t" + row.pair + "\t" + row.label + "\n";
  }
  if (task.type == "pair_classification") {
    write_file_atomically(folder / task.name / (name + ".tsv"), table);
  } else {
    write_file_atomically(folder / task.name / (name + "_text.txt"), texts);
    write_file_atomically(folder / task.name / (name + "_labels.txt"), labels);
  }
  return written;
}

Json source_of(const SyntheticTask& task, Split split) {
  const std::string base = "../" + task.name + "/" + std::string(split_name(split));
  if (task.type != "pair_classification") return {{"text", base + "_text.txt"}, {"label", base + "_labels.txt"}};
  return {{"file", base + ".tsv"}, {"columns", {{"text", "question"}, {"text_pair", "sentence"}, {"label", "label"}}}};
}

}  // namespace

Json write_synthetic_corpus(const fs::path& folder, const SyntheticCorpusSettings& settings) {
  if (settings.rows < 20) throw ConfigError("rows: found " + std::to_string(settings.rows) + "; must be at least 20");
  const auto tasks = synthetic_tasks();
  Json ceilings = Json::object();
  Json records = Json::array();
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const SyntheticTask& task = tasks[t];
    const std::int64_t train = settings.rows / task.share;
    const std::int64_t held_out = std::max<std::int64_t>(50, settings.rows / 4);
    Json record = {{"name", task.name}, {"type", task.type}};
    if (!task.labels.empty()) record["labels"] = task.labels;
    if (task.type == "regression") record["range"] = {0, 5};
    record["metric"] = task.metric;
    for (const Split split : kSplits) {
      const auto rows = write_split(folder, task, t, split, split == Split::train ? train : held_out, settings.seed);
      if (split == Split::test) ceilings[task.name] = limits_of(task, rows);
      record["splits"][std::string(split_name(split))] = source_of(task, split);
    }
    write_json(folder / "tasks" / (task.name + ".json"), record);
    records.push_back("tasks/" + task.name + ".json");
  }
  write_encoder(folder / "encoder");
  write_json(folder / "ceilings.json", ceilings);
  write_json(folder / "corpus.json", {{"encoder", {{"path", "encoder"}, {"pooling", "first"}, {"max_length", 64}}},
                                      {"data", {{"tasks", records}}}});
  return ceilings;
}

}  // namespace infomtl
