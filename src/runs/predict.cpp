#include "runs/predict.h"

#include <algorithm>
#include <numeric>

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

}  // namespace

std::vector<Json> predict_texts(const MultiTaskModel& model, std::size_t task_index, const Tokenizer& tokenizer,
                                std::size_t max_length, const std::vector<std::pair<std::string, std::string>>& texts,
                                const PredictionSamples& samples) {
  const torch::NoGradGuard no_grad;
  const Task& task = model.tasks().at(task_index);
  if (samples.count != 0) check_samples(model, task_index, samples);
  const torch::Device device = model.parameters().front().device();
  std::vector<Json> answers;
  for (std::size_t begin = 0; begin < texts.size(); begin += kBatch) {
    const std::size_t end = std::min(begin + kBatch, texts.size());
    std::vector<SequenceTokens> sequences;
    std::vector<std::int64_t> words, word_offsets = {0};
    std::vector<std::vector<std::int64_t>> unread(end - begin);
    std::int64_t first_token = 0;
    for (std::size_t i = begin; i < end; ++i) {
      with_context("text " + std::to_string(i + 1), [&] {
        const auto& [text, text_pair] = texts[i];
        const std::string_view pair = text_pair;
        // As in training: heads may read what tagging heads say of the words.
        const bool as_words = task.kind == TaskKind::tagging || task.words;
        const std::vector<WordRange> ranges = as_words ? words_of(text) : std::vector<WordRange>{};
        sequences.push_back(tokenize_sequence(tokenizer, text, task.pair ? &pair : nullptr, ranges, max_length));
      });
      std::int32_t previous = 0;  // a word without a token of its own reads the one before it
      for (std::size_t w = 0; w < sequences.back().word_tokens.size(); ++w) {
        const std::int32_t token = sequences.back().word_tokens[w];
        if (token >= 0) previous = token;
        if (token == kWordNotRead) unread[i - begin].push_back(static_cast<std::int64_t>(w));
        words.push_back(first_token + previous);
      }
      word_offsets.push_back(static_cast<std::int64_t>(words.size()));
      first_token += static_cast<std::int64_t>(sequences.back().ids.size());
    }
    StepBatch batch;
    batch.tokens = pack(sequences);
    TaskBatch rows;
    rows.task = task_index;
    rows.rows = torch::arange(static_cast<std::int64_t>(end - begin), torch::kInt64);
    if (task.kind == TaskKind::tagging) {
      rows.words = torch::tensor(words, torch::kInt64);
      rows.word_offsets = torch::tensor(word_offsets, torch::kInt64);
    }
    batch.tasks.push_back(std::move(rows));
    ForwardContext context;
    context.model = &model;
    context.training = false;
    ForwardPass forward(context, batch.to(device));
    TaskStep& step = forward.task(0);
    const Tensor output = samples.count > 0 ? Tensor() : step.prediction().output.to(torch::kCPU, torch::kFloat32);
    for (std::size_t i = 0; i < end - begin; ++i) {
      const bool tags = task.kind == TaskKind::tagging;
      const auto row = static_cast<std::int64_t>(i);
      const std::int64_t first = tags ? word_offsets[i] : row, last = tags ? word_offsets[i + 1] : row + 1;
      if (samples.count == 0) {
        answers.push_back(answer(task, output.slice(0, first, last)));
      } else {
        const auto& [text, text_pair] = texts[begin + i];
        ops::TensorRandom noise(derive_seed(derive_seed(samples.seed, text), text_pair), device);
        answers.push_back(sampled_answer(task, sampled_outputs(step, first, last, samples.count, noise)));
      }
      if (tags) take_back_unread(task, unread[i], answers.back());
    }
  }
  return answers;
}

}  // namespace infomtl
