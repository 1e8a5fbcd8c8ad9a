#include "runs/warm_start.h"

#include <algorithm>
#include <utility>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/train/checkpoint.h"
#include "runs/run_folder.h"
#include "runs/run_place.h"

namespace infomtl {
namespace {

const std::vector<std::string>& part_names() {
  static const std::vector<std::string> kParts = {"encoder", "architecture", "heads"};
  return kParts;
}

using Copies = std::vector<std::pair<Tensor, Tensor>>;  // to, from

NamedTensors tensors_of(const torch::nn::Module& module, const std::string& prefix) {
  NamedTensors tensors;
  for (const auto& parameter : module.named_parameters())
    tensors.emplace_back(prefix + parameter.key(), parameter.value());
  for (const auto& buffer : module.named_buffers()) tensors.emplace_back(prefix + buffer.key(), buffer.value());
  return tensors;
}

/// Reads the values of all of these, which are all that the file has under the prefix.
/// @return false where it has none @param refusal  what to say where they are others, behind the first that is
bool take(const WeightsReader& reader, const std::string& prefix, const NamedTensors& wanted,
          const std::string& refusal, Copies& copies) {
  const auto of_part = [&](const WeightsEntry& entry) { return entry.name.starts_with(prefix); };
  const auto stored = std::count_if(reader.entries().begin(), reader.entries().end(), of_part);
  if (stored == 0) return false;
  for (const auto& [name, tensor] : wanted) {
    const WeightsEntry* entry = reader.find(name);
    if (entry == nullptr) throw UserError(reader.file().string() + ": has no \"" + name + "\"; " + refusal);
    if (tensor.sizes() != at::IntArrayRef(entry->shape) || tensor.scalar_type() != entry->type) {
      throw UserError(reader.file().string() + ": \"" + name + "\" has the shape " +
                      c10::str(at::IntArrayRef(entry->shape)) + ", not " + c10::str(tensor.sizes()) + "; " + refusal);
    }
    copies.emplace_back(tensor, reader.read(name));
  }
  if (stored == std::ssize(wanted)) return true;
  throw UserError(reader.file().string() + ": has parts under \"" + prefix + "\" that have no place here; " + refusal);
}

/// What was done, in words.
struct Account {
  std::vector<std::string> taken, fresh;
  static std::string list(const std::vector<std::string>& names) { return names.empty() ? "nothing" : joined(names); }
  std::string text() const { return "taken: " + list(taken) + (fresh.empty() ? "" : "; fresh: " + list(fresh)); }
};

void refuse_other_labels(const Task& task, const Task& stored, const std::filesystem::path& run) {
  if (task.kind == stored.kind && task.labels == stored.labels) return;
  throw UserError("start: task \"" + task.name + "\" has other labels in " + run.string() +
                  " than here; give it another name, or leave \"heads\" out of \"start\": {\"parts\": [\"encoder\"]}");
}

}  // namespace

StartSettings StartSettings::read(const Config& config) {
  StartSettings start;
  if (!config.has("start")) return start;
  const Config value = config.value("start");
  if (!value.is_object()) {
    start.run = config.path("start");
    return start;
  }
  start.run = value.path("run");
  if (value.has("parts")) {
    start.parts.clear();
    for (const Config& part : value.list("parts")) {
      const std::string name = part.as_text();
      if (std::find(part_names().begin(), part_names().end(), name) == part_names().end()) {
        part.fail("unknown \"" + name + "\"" + did_you_mean(name, part_names()));
      }
      start.parts.push_back(name);
    }
    if (start.parts.empty()) value.fail("parts", "names none of encoder, architecture and heads");
  }
  value.reject_unknown();
  return start;
}

std::filesystem::path start_checkpoint(const StartSettings& start) {
  const RunPlace place = run_place(start.run);
  const RunFolder folder(place.run);
  if (folder.single()) {
    throw UserError("start: " + place.run.string() +
                    " has one model per task; give one of them: " + (place.run / "single" / "TASK").string());
  }
  const std::filesystem::path checkpoint = place.checkpoint.empty() ? folder.best() : place.checkpoint;
  if (std::filesystem::exists(checkpoint.parent_path())) recover_folder(checkpoint);
  if (!std::filesystem::exists(checkpoint)) throw IoError("start: " + start.run.string() + ": has no best checkpoint");
  return checkpoint;
}

void start_from(const StartSettings& start, const MultiTaskModel& model) {
  const std::filesystem::path checkpoint = start_checkpoint(start);
  const Json state = verify_checkpoint(checkpoint);
  const std::vector<Task> stored = tasks_of_state(state, checkpoint);

  const auto asked = [&](const char* part) {
    return std::find(start.parts.begin(), start.parts.end(), part) != start.parts.end();
  };
  Copies copies;
  Account account;
  const std::string same_encoder = "the run has another encoder than encoder.path";
  if (asked("encoder")) {
    take(WeightsReader(checkpoint), "", tensors_of(model.encoder(), ""), same_encoder, copies);
    account.taken.emplace_back("encoder");
  }
  const WeightsReader heads(checkpoint / "heads.safetensors");
  const bool same_tasks = std::equal(stored.begin(), stored.end(), model.tasks().begin(), model.tasks().end(),
                                     [](const Task& one, const Task& other) { return one.name == other.name; });
  if (const NamedTensors wanted = tensors_of(model.architecture(), "architecture."); !wanted.empty()) {
    const std::string cure = "the run has another architecture; leave \"architecture\" out of start.parts";
    const bool taken = asked("architecture") && same_tasks && take(heads, "architecture.", wanted, cure, copies);
    (taken ? account.taken : account.fresh)
        .emplace_back(!asked("architecture") || same_tasks ? "architecture"
                                                           : "architecture (its parts are those of other tasks)");
  }
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    const Task& task = model.tasks()[t];
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const Task& s) { return s.name == task.name; });
    bool taken = false;
    if (asked("heads") && found != stored.end()) {
      refuse_other_labels(task, *found, start.run);
      const std::string prefix = "heads." + task.name + ".";
      taken = take(heads, prefix, tensors_of(model.head(t), prefix),
                   "the run has another head; leave \"heads\" out of start.parts", copies);
    }
    (taken ? account.taken : account.fresh).push_back("head of " + task.name);
  }
  const torch::NoGradGuard no_grad;
  for (auto& [to, from] : copies) to.copy_(from);
  log::info("start from " + checkpoint.string() + "; " + account.text());
}

}  // namespace infomtl
