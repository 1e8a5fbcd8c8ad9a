#include "runs/predict.h"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/data/packing.h"
#include "infomtl/step/forward_pass.h"
#include "runs/sampled_prediction.h"

namespace infomtl {
namespace {

constexpr std::size_t kBatch = 64;

/// Byte ranges of the words of a text split at blanks.
std::vector<WordRange> words_of(const std::string& text) {
  std::vector<WordRange> words;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && blank(text[i])) ++i;
    const std::size_t begin = i;
    while (i < text.size() && !blank(text[i])) ++i;
    if (i > begin) words.push_back({static_cast<std::int32_t>(begin), static_cast<std::int32_t>(i)});
  }
  return words;
}

Json scores_json(const Task& task, const Tensor& probabilities) {
  const Tensor values = probabilities.to(torch::kCPU, torch::kFloat32).contiguous();
  Json scores = Json::object();
  // Labels differ, so that no look for an equal key is needed: there may be thousands.
  auto& entries = scores.get_ref<Json::object_t&>();
  for (std::size_t c = 0; c < task.labels.size(); ++c) {
    entries.emplace_back(task.labels[c], values.const_data_ptr<float>()[c]);
  }
  return scores;
}

/// What the model says of one text, from its row (or, for tagging, its words' rows) of the head's output.
Json answer(const Task& task, const Tensor& output) {
  const auto label = [&](const Tensor& logits) {
    return task.labels[static_cast<std::size_t>(logits.argmax().item<std::int64_t>())];
  };
  switch (task.kind) {
    case TaskKind::classification:
      return {{"label", label(output[0])}, {"scores", scores_json(task, output[0].softmax(0))}};
    case TaskKind::regression:
      return {{"value", output[0].item<float>()}};
    case TaskKind::multi_label: {
      Json labels = Json::array();
      const Tensor chosen = output[0].gt(0);
      for (std::size_t c = 0; c < task.labels.size(); ++c) {
        if (chosen[static_cast<std::int64_t>(c)].item<bool>()) labels.push_back(task.labels[c]);
      }
      return {{"labels", labels}, {"scores", scores_json(task, output[0].sigmoid())}};
    }
    case TaskKind::tagging: {
      Json labels = Json::array();
      for (std::int64_t w = 0; w < output.size(0); ++w) labels.push_back(label(output[w]));
      return {{"labels", labels}};
    }
  }
  throw StateError("an unknown kind of label");
}

/// Words that the model did not read have no tag: the tag outside entities, or null, and their places are told.
void take_back_unread(const Task& task, const std::vector<std::int64_t>& unread, Json& answer) {
  if (unread.empty()) return;
  const bool entities = std::find(task.labels.begin(), task.labels.end(), "O") != task.labels.end();
  for (const std::int64_t word : unread) {
    answer["labels"][static_cast<std::size_t>(word)] = entities ? Json("O") : Json();
    for (const char* const number : {"scores", "deviations"}) {
      if (answer.contains(number)) answer[number][static_cast<std::size_t>(word)] = nullptr;
    }
  }
  answer["unread_words"] = unread;
}

/// How a task reads a text; tasks that read it alike share a pass of the encoder.
struct TextReading {
  bool pair = false;
  bool as_words = false;  ///< as in training: heads may read what tagging heads say of the words
  auto operator<=>(const TextReading&) const = default;
};

TextReading reading_of(const Task& task) {
  return {.pair = task.pair, .as_words = task.kind == TaskKind::tagging || task.words};
}

/// Some texts, tokenized for one reading.
struct ReadTexts {
  std::vector<SequenceTokens> sequences;
  std::vector<std::vector<WordRange>> ranges;
  std::vector<std::vector<std::int64_t>> unread;        ///< of each, the words that no token stands for
  std::vector<std::int64_t> words, word_offsets = {0};  ///< as of a TaskBatch
};

ReadTexts read_texts(const TextReading& reading, const Tokenizer& tokenizer, std::size_t max_length,
                     const std::vector<std::pair<std::string, std::string>>& texts, std::size_t begin,
                     std::size_t end) {
  ReadTexts read;
  std::int64_t first_token = 0;
  for (std::size_t i = begin; i < end; ++i) {
    with_context("text " + std::to_string(i + 1), [&] {
      const auto& [text, text_pair] = texts[i];
      const std::string_view pair = text_pair;
      read.ranges.push_back(reading.as_words ? words_of(text) : std::vector<WordRange>{});
      read.sequences.push_back(
          tokenize_sequence(tokenizer, text, reading.pair ? &pair : nullptr, read.ranges.back(), max_length));
    });
    std::int32_t previous = 0;  // a word without a token of its own reads the one before it
    const std::vector<std::int32_t>& tokens = read.sequences.back().word_tokens;
    read.unread.emplace_back();
    for (std::size_t w = 0; w < tokens.size(); ++w) {
      if (tokens[w] >= 0) previous = tokens[w];
      if (tokens[w] == kWordNotRead) read.unread.back().push_back(static_cast<std::int64_t>(w));
      read.words.push_back(first_token + previous);
    }
    read.word_offsets.push_back(static_cast<std::int64_t>(read.words.size()));
    first_token += static_cast<std::int64_t>(read.sequences.back().ids.size());
  }
  return read;
}

Json with_words(const std::string& text, const std::vector<WordRange>& ranges, const Json& answer) {
  Json words = Json::array();
  for (const WordRange& range : ranges) {
    words.push_back(
        text.substr(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.end - range.begin)));
  }
  Json found = {{"words", std::move(words)}};
  found.update(answer);
  return found;
}

/// What a model makes of some texts for the tasks that read them alike, in one pass of the encoder.
class TextPass {
 public:
  TextPass(const MultiTaskModel& model, const std::vector<std::size_t>& tasks, ReadTexts read)
      : model_(model), read_(std::move(read)), count_(read_.sequences.size()) {
    const torch::Device device = model.parameters().front().device();
    StepBatch batch;
    batch.tokens = pack(read_.sequences);
    for (const std::size_t task : tasks) {
      TaskBatch rows;
      rows.task = task;
      rows.rows = torch::arange(static_cast<std::int64_t>(count_), torch::kInt64);
      if (model.tasks()[task].kind == TaskKind::tagging) {
        rows.words = torch::tensor(read_.words, torch::kInt64);
        rows.word_offsets = torch::tensor(read_.word_offsets, torch::kInt64);
      }
      batch.tasks.push_back(std::move(rows));
    }
    context_.model = &model;
    context_.training = false;
    forward_.emplace(context_, batch.to(device));
  }

  /// Of the index-th of its tasks, one for each text. @param texts  all of them, the pass's beginning at `begin`
  std::vector<Json> answers(std::size_t index, const std::vector<std::pair<std::string, std::string>>& texts,
                            std::size_t begin, const PredictionSamples& samples) {
    TaskStep& step = forward_->task(index);
    const Task& task = model_.tasks()[step.task_index()];
    const bool tags = task.kind == TaskKind::tagging;
    const Tensor output = samples.count > 0 ? Tensor() : step.prediction().output.to(torch::kCPU, torch::kFloat32);
    std::vector<Json> found;
    for (std::size_t i = 0; i < count_; ++i) {
      const auto& [text, text_pair] = texts[begin + i];
      const auto row = static_cast<std::int64_t>(i);
      const std::int64_t first = tags ? read_.word_offsets[i] : row, last = tags ? read_.word_offsets[i + 1] : row + 1;
      Json said;
      if (samples.count == 0) {
        said = answer(task, output.slice(0, first, last));
      } else {
        ops::TensorRandom noise(derive_seed(derive_seed(samples.seed, text), text_pair),
                                model_.parameters().front().device());
        said = sampled_answer(task, sampled_outputs(step, first, last, samples.count, noise));
      }
      if (tags) take_back_unread(task, read_.unread[i], said);
      found.push_back(tags ? with_words(text, read_.ranges[i], said) : std::move(said));
    }
    return found;
  }

 private:
  const MultiTaskModel& model_;
  ReadTexts read_;
  std::size_t count_;
  ForwardContext context_;
  std::optional<ForwardPass> forward_;
};

}  // namespace

std::vector<std::vector<Json>> predict_texts(const MultiTaskModel& model, const std::vector<std::size_t>& tasks,
                                             const Tokenizer& tokenizer, std::size_t max_length,
                                             const std::vector<std::pair<std::string, std::string>>& texts,
                                             const PredictionSamples& samples) {
  const torch::NoGradGuard no_grad;
  std::map<TextReading, std::vector<std::size_t>> groups;  // places in `tasks`
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (samples.count != 0) check_samples(model, tasks[i], samples);
    groups[reading_of(model.tasks().at(tasks[i]))].push_back(i);
  }
  std::vector<std::vector<Json>> answers(tasks.size());
  for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, texts.size());
    for (const auto& [reading, places] : groups) {
      std::vector<std::size_t> chosen;
      for (const std::size_t place : places) chosen.push_back(tasks[place]);
      TextPass pass(model, chosen, read_texts(reading, tokenizer, max_length, texts, begin, end));
      for (std::size_t k = 0; k < places.size(); ++k) {
        for (Json& one : pass.answers(k, texts, begin, samples)) answers[places[k]].push_back(std::move(one));
      }
    }
  }
  return answers;
}

}  // namespace infomtl
