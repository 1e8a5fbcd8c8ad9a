#include "infomtl/train/checkpoint.h"

#include <torch/version.h>

#include <algorithm>
#include <map>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_difference.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/task_json.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/text/tokenizer.h"
#include "train/checkpoint_files.h"

namespace infomtl {
namespace {

const std::string kWeightingState = "weighting_state.";

void append_module(NamedTensors& tensors, const torch::nn::Module& module, const std::string& prefix) {
  for (const auto& parameter : module.named_parameters())
    tensors.emplace_back(prefix + parameter.key(), parameter.value());
  for (const auto& buffer : module.named_buffers()) tensors.emplace_back(prefix + buffer.key(), buffer.value());
}

NamedTensors head_tensors(const MultiTaskModel& model) {
  NamedTensors tensors;
  append_module(tensors, model.architecture(), "architecture.");
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    append_module(tensors, model.head(t), "heads." + model.tasks()[t].name + ".");
  }
  return tensors;
}

NamedTensors encoder_tensors(const MultiTaskModel& model) {
  NamedTensors tensors;
  for (const auto& parameter : model.encoder().named_parameters())
    tensors.emplace_back(parameter.key(), parameter.value());
  return tensors;
}

/// Reads what a weighting keeps beside its parameters.
class StateCollector final : public StateVisitor {
 public:
  NamedTensors tensors;  ///< those that are defined
  Json counters = Json::object();
  void tensor(const std::string& name, Tensor& value) override {
    if (value.defined()) tensors.emplace_back(kWeightingState + name, value);
  }
  void counter(const std::string& name, std::int64_t& value) override { counters[name] = value; }
};

/// Writes it back: a tensor that was not saved becomes undefined.
class StateRestorer final : public StateVisitor {
 public:
  std::map<std::string, Tensor> tensors;
  Json counters;
  torch::Device device = torch::kCPU;
  void tensor(const std::string& name, Tensor& value) override {
    const auto found = tensors.find(kWeightingState + name);
    value = found == tensors.end() ? Tensor() : found->second;
    // What a weighting solves for T tasks is float64 on the host; gradients that it keeps lie where the model does.
    if (value.defined() && value.scalar_type() != torch::kFloat64) value = value.to(device);
  }
  void counter(const std::string& name, std::int64_t& value) override { value = counters.at(name).get<std::int64_t>(); }
};

NamedTensors state_tensors(const CheckpointParts& parts) {
  NamedTensors tensors;
  append_module(tensors, *parts.objective, "objective.");
  append_module(tensors, *parts.weighting, "weighting.");
  for (auto& [name, tensor] : parts.optimizer->state()) tensors.emplace_back("optimizer." + name, tensor);
  return tensors;
}

NamedTensors detached(NamedTensors tensors) {
  for (auto& [name, tensor] : tensors) tensor = tensor.detach().contiguous();
  return tensors;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const auto extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

/// Dropout and the like are no parameters: they come from the encoder's own config.json, which may have changed.
void refuse_other_encoder(const std::filesystem::path& folder, const Encoder& encoder) {
  Json saved = read_json(folder / "config.json"), now = encoder.config();
  if (!saved.is_object()) {
    throw FormatError((folder / "config.json").string() + ": found " + described(saved) + "; must be an object");
  }
  for (const char* const unread :
       {"dtype", "torch_dtype", "transformers_version", "_name_or_path", "architectures", "id2label", "label2id"}) {
    saved.erase(unread);
    now.erase(unread);
  }
  const std::string difference = first_difference(saved, now);
  if (difference.empty()) return;
  throw UserError((folder / "config.json").string() +
                  ": the encoder was trained with another config.json; they differ in " + difference);
}

/// What to read from a file in place of a tensor's values. Once all of them are found right, they are read one at a time: a
/// second copy of the whole state would take more memory than training does.
struct Replacement {
  Tensor tensor;
  const WeightsReader* reader;
  std::string name;
};
using Replacements = std::vector<Replacement>;

/// Finds every tensor of `wanted`. @param reader  must live until replace()
/// @throws FormatError for a missing or mis-shaped one
void find_wanted(const WeightsReader& reader, const NamedTensors& wanted, Replacements& replacements) {
  const std::filesystem::path& file = reader.file();
  for (const auto& [name, tensor] : wanted) {
    const WeightsEntry* entry = reader.find(name);
    if (entry == nullptr)
      throw FormatError(file.string() + ": no tensor \"" + name + "\"; was it written by another config?");
    if (tensor.sizes() != at::IntArrayRef(entry->shape) || tensor.scalar_type() != entry->type) {
      throw FormatError(file.string() + ": tensor \"" + name + "\" is " + shape_text(entry->shape) + " " +
                        at::toString(entry->type) + ", not " + shape_text(tensor.sizes()) + " " +
                        at::toString(tensor.scalar_type()) + "; was it written by another config?");
    }
    replacements.push_back({tensor, &reader, name});
  }
}

/// The same of a file that has no other tensors. @throws FormatError
/// @param free  prefix of tensors that are not among the wanted
void find_values(const WeightsReader& reader, const NamedTensors& wanted, Replacements& replacements,
                 const std::string& free = "") {
  const std::filesystem::path& file = reader.file();
  find_wanted(reader, wanted, replacements);
  if (reader.entries().size() > wanted.size()) {
    for (const WeightsEntry& entry : reader.entries()) {
      const bool known =
          (!free.empty() && entry.name.starts_with(free)) ||
          std::any_of(wanted.begin(), wanted.end(), [&](const auto& w) { return w.first == entry.name; });
      if (!known)
        throw FormatError(file.string() + ": unexpected tensor \"" + entry.name + "\"; this run has no place for it");
    }
  }
}

void replace(const Replacements& replacements) {
  const torch::NoGradGuard no_grad;
  for (const Replacement& place : replacements) Tensor(place.tensor).copy_(place.reader->read(place.name));
}

/// What a config says to get the model's architecture and heads; null where that is not known, or heads differ.
Json made_as(const MultiTaskModel& model) {
  const std::string& architecture = model.architecture().made_as();
  const std::string head = model.tasks().empty() ? "" : model.head(0).made_as();
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    if (model.head(t).made_as() != head) return nullptr;
  }
  if (architecture.empty() || head.empty()) return nullptr;
  return {{"architecture", Json::parse(architecture)},
          {"head", Json::parse(head)},
          {"pooling", model.pooling() == Pooling::mean ? "mean" : "first"}};
}

}  // namespace

void write_checkpoint(const std::filesystem::path& folder, const CheckpointParts& parts, const Json& progress) {
  write_folder_atomically(folder, [&](const std::filesystem::path& unfinished) {
    save_encoder(parts.model->encoder(), unfinished);
    write_weights(unfinished / kCheckpointHeads, detached(head_tensors(*parts.model)));
    StateCollector weighting;
    parts.weighting->visit_state(weighting);
    NamedTensors tensors = state_tensors(parts);
    tensors.insert(tensors.end(), weighting.tensors.begin(), weighting.tensors.end());
    write_weights(unfinished / kCheckpointStateTensors, detached(std::move(tensors)));
    if (!parts.tokenizer.empty()) copy_tokenizer_files(parts.tokenizer, unfinished);
    Json files = Json::object();
    for (const auto& entry : std::filesystem::directory_iterator(unfinished)) {
      files[entry.path().filename().string()] = sha256_of_file(entry.path());
    }
    Json tasks = Json::array();
    for (const Task& task : parts.model->tasks()) tasks.push_back(task_to_json(task));
    Json state = {{"format", kCheckpointFormat},
                  {"libtorch", TORCH_VERSION},
                  {"optimizer_steps", parts.optimizer->steps()},
                  {"weighting_counters", weighting.counters},
                  {"tasks", tasks},
                  {"progress", progress},
                  {"files", files}};
    if (const Json made = made_as(*parts.model); !made.is_null()) state["model"] = made;
    if (parts.config != nullptr) state["config"] = *parts.config;
    if (const auto fewer = parts.optimizer->fewer_updates(); !fewer.empty()) state[kFewerUpdates] = fewer;
    state[kStateSum] = sha256_of_text(state.dump());
    write_file_atomically(unfinished / kCheckpointState, state.dump(1) + "\n");
  });
}

void copy_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to) {
  write_folder_atomically(to, [&](const std::filesystem::path& unfinished) {
    try {
      for (const auto& file : std::filesystem::directory_iterator(from)) {
        const std::filesystem::path place = unfinished / file.path().filename();
        std::error_code not_linked;
        std::filesystem::create_hard_link(file.path(), place, not_linked);
        if (not_linked) std::filesystem::copy_file(file.path(), place);
      }
    } catch (const std::filesystem::filesystem_error& error) {
      throw IoError(std::string(error.what()));
    }
  });
}

Json read_checkpoint(const std::filesystem::path& folder, const CheckpointParts& parts) {
  recover_folder(folder);
  const Json state = verify_checkpoint(folder);
  Replacements replacements;
  const WeightsReader encoder(folder), heads(folder / kCheckpointHeads), reader(folder / kCheckpointStateTensors);
  find_values(encoder, encoder_tensors(*parts.model), replacements);
  refuse_other_encoder(folder, parts.model->encoder());
  find_values(heads, head_tensors(*parts.model), replacements);
  find_values(reader, state_tensors(parts), replacements, kWeightingState);

  StateRestorer weighting;
  weighting.counters = state.at("weighting_counters");
  weighting.device = parts.model->parameters().front().device();
  for (const WeightsEntry& entry : reader.entries()) {
    if (entry.name.starts_with(kWeightingState)) weighting.tensors.emplace(entry.name, reader.read(entry.name));
  }
  StateCollector present;
  parts.weighting->visit_state(present);
  for (const auto& [name, value] : present.counters.items()) {
    if (!weighting.counters.contains(name)) {
      throw FormatError((folder / kCheckpointState).string() + ": no counter \"" + name +
                        "\"; was it written by another config?");
    }
  }
  const auto fewer = fewer_updates(state);
  for (const auto& [name, updates] : fewer) {
    const auto& slots = parts.optimizer->parameters().slots();
    if (std::none_of(slots.begin(), slots.end(),
                     [&, &wanted = name](const auto& slot) { return slot.name == wanted; })) {
      throw FormatError((folder / kCheckpointState).string() + ": " + kFewerUpdates + " names \"" + name +
                        "\", which does not train; was it written by another config?");
    }
  }
  replace(replacements);
  parts.weighting->visit_state(weighting);
  parts.optimizer->set_steps(state.at("optimizer_steps").get<std::int64_t>(), fewer);
  return state.at("progress");
}

void read_checkpoint_model(const std::filesystem::path& folder, const MultiTaskModel& model) {
  recover_folder(folder);
  verify_checkpoint(folder);
  Replacements replacements;
  const WeightsReader encoder(folder), heads(folder / kCheckpointHeads);
  find_values(encoder, encoder_tensors(model), replacements);
  find_values(heads, head_tensors(model), replacements);
  replace(replacements);
}

void read_checkpoint_objective(const std::filesystem::path& folder, const Objective& objective) {
  recover_folder(folder);
  verify_checkpoint(folder);
  NamedTensors wanted;
  append_module(wanted, objective, "objective.");
  Replacements replacements;
  const WeightsReader reader(folder / kCheckpointStateTensors);
  find_wanted(reader, wanted, replacements);
  replace(replacements);
}

}  // namespace infomtl
