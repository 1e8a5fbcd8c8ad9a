#include "infomtl/train/checkpoint.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/random.h"
#include "infomtl/model/weights_file.h"
#include "step/small_run.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::SmallRun;

struct Parts {
  SmallRun run;
  std::shared_ptr<GradientWeighting> weighting;
  FlatParameters flat;
  std::shared_ptr<Optimizer> optimizer;

  explicit Parts(const Json& head = "gaussian")
      : run(0.1, head),
        weighting(weighting_registry().build(Config::from_json("uncertainty", "weighting"), names(run))),
        flat(run.flat()),
        optimizer(optimizer_registry().build(Config::from_json("adamax", "optimizer"), flat)) {}

  static WeightingContext names(const SmallRun& run) {
    WeightingContext tasks;
    for (const Task& task : run.tasks) tasks.names.push_back(task.name);
    return tasks;
  }
  CheckpointParts parts() const {
    return {.model = run.model.get(),
            .objective = run.objective.get(),
            .weighting = weighting.get(),
            .optimizer = optimizer.get(),
            .tokenizer = testing::corpus().folder.path() / "encoder"};
  }
  void fill(float value) {
    const torch::NoGradGuard no_grad;
    flat.values().fill_(value);
    for (auto& parameter : weighting->parameters()) parameter.fill_(value);
    for (auto& [name, tensor] : optimizer->state()) tensor.fill_(2 * value);
    optimizer->set_steps(static_cast<std::int64_t>(value));
  }
};

/// Bytes of CPU tensors that this thread made since it is there, at their most.
class TensorMemory : public c10::MemoryReportingInfoBase {
 public:
  std::int64_t peak() const { return peak_; }
  void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override {
    held_ += size;
    peak_ = std::max(peak_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }

 private:
  std::int64_t held_ = 0, peak_ = 0;
};

TEST(Checkpoint, IsReadOneTensorAtATime) {
  const testing::TemporaryFolder folder;
  Parts saved, loaded;
  saved.fill(3);
  write_checkpoint(folder.path() / "last", saved.parts(), {{"steps", 17}});
  std::int64_t largest = 0, total = 0;
  for (const char* file : {"model.safetensors", "heads.safetensors", "state.safetensors"}) {
    const WeightsReader reader(folder.path() / "last" / file);
    for (const WeightsEntry& entry : reader.entries()) {
      const auto bytes = static_cast<std::int64_t>(entry.end - entry.begin);
      largest = std::max(largest, bytes);
      total += bytes;
    }
  }
  ASSERT_GT(total, 2 * largest);
  const auto memory = std::make_shared<TensorMemory>();
  {
    const c10::DebugInfoGuard watched(c10::DebugInfoKind::PROFILER_STATE, memory);
    read_checkpoint(folder.path() / "last", loaded.parts());
  }
  EXPECT_GE(memory->peak(), largest);
  EXPECT_LT(memory->peak(), 2 * largest) << "a run that goes on needs no second copy of its state";
}

TEST(Checkpoint, RestoresModelWeightingAndOptimizer) {
  const testing::TemporaryFolder folder;
  Parts saved, loaded;
  saved.fill(3);
  write_checkpoint(folder.path() / "last", saved.parts(), {{"steps", 17}});
  const Json progress = read_checkpoint(folder.path() / "last", loaded.parts());
  EXPECT_EQ(progress["steps"], 17);
  EXPECT_TRUE(at::equal(loaded.flat.values(), saved.flat.values()));
  EXPECT_EQ(loaded.weighting->parameters()[0][0].item<float>(), 3.0F);
  EXPECT_EQ(loaded.optimizer->state()[1].second[5].item<float>(), 6.0F);
  EXPECT_EQ(loaded.optimizer->steps(), 3);
}

TEST(Checkpoint, IsAHuggingFaceFolderOfTheEncoder) {
  const testing::TemporaryFolder folder;
  const Parts saved;
  write_checkpoint(folder.path() / "best", saved.parts(), Json::object());
  const auto encoder = load_encoder(folder.path() / "best");
  for (const auto& parameter : encoder->named_parameters()) {
    EXPECT_TRUE(at::equal(parameter.value(), saved.run.encoder->named_parameters()[parameter.key()]))
        << parameter.key();
  }
  const auto tokenizer = load_tokenizer(folder.path() / "best");
  EXPECT_EQ(tokenizer->encode("the day").ids, testing::corpus().tokenizer->encode("the day").ids);
  EXPECT_EQ(WeightsReader(folder.path() / "best").metadata().at("format"), "pt");
}

TEST(Checkpoint, EveryDamageIsFoundBeforeAnythingChanges) {
  const testing::TemporaryFolder folder;
  Parts saved, loaded;
  saved.fill(3);
  loaded.fill(8);
  const auto place = folder.path() / "last";
  for (const char* name : {"model.safetensors", "heads.safetensors", "state.safetensors", "config.json", "vocab.txt"}) {
    write_checkpoint(place, saved.parts(), Json::object());
    std::string bytes = read_file(place / name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(place / name, std::ios::binary) << bytes;
    try {
      read_checkpoint(place, loaded.parts());
      FAIL() << name;
    } catch (const FormatError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
    std::filesystem::remove(place / name);
    EXPECT_THROW(read_checkpoint(place, loaded.parts()), IoError) << name;
  }
  write_checkpoint(place, saved.parts(), Json::object());
  const std::string state = read_file(place / "state.json");
  for (const std::string& broken :
       {std::string("{"), state.substr(0, state.size() / 2), std::string("[]"), std::string("{}")}) {
    std::ofstream(place / "state.json", std::ios::binary) << broken;
    EXPECT_THROW(read_checkpoint(place, loaded.parts()), FormatError) << broken;
  }
  for (const auto& [key, value] :
       {std::pair("format", 3), std::pair("optimizer_steps", -1), std::pair("progress", 5)}) {
    Json other = Json::parse(state);
    other[key] = value;
    std::ofstream(place / "state.json", std::ios::binary) << other.dump();
    EXPECT_THROW(read_checkpoint(place, loaded.parts()), FormatError) << key;
  }
  EXPECT_EQ(loaded.flat.values().min().item<float>(), 8.0F);
  EXPECT_EQ(loaded.flat.values().max().item<float>(), 8.0F);
  EXPECT_EQ(loaded.optimizer->steps(), 8);
}

// A file that the tokenizer would be read from is none of the checkpoint's unless its state lists it.
TEST(Checkpoint, FilesBesideItThatWouldBeReadAreRefusedByName) {
  const testing::TemporaryFolder folder;
  Parts saved, loaded;
  const auto place = folder.path() / "last";
  write_checkpoint(place, saved.parts(), Json::object());
  std::ofstream(place / "notes.txt") << "of no reader";
  std::ofstream(place / "vocab.json") << "{}";  // without merges.txt nobody reads it
  EXPECT_NO_THROW(read_checkpoint(place, loaded.parts()));
  for (const char* name : {"tokenizer.json", "spiece.model", "special_tokens_map.json", "added_tokens.json"}) {
    std::ofstream(place / name) << "{}";
    for (const auto& read : {std::function<void()>([&] { read_checkpoint(place, loaded.parts()); }),
                             std::function<void()>([&] { verify_model_folder(place); })}) {
      EXPECT_EQ(testing::message_of<FormatError>(read),
                (place / name).string() +
                    ": is not among the files that state.json beside it lists, and would change how texts are read; "
                    "move it away");
    }
    std::filesystem::remove(place / name);
  }
  // Saved without a tokenizer, it takes the one that its user puts there.
  CheckpointParts bare = saved.parts();
  bare.tokenizer.clear();
  write_checkpoint(place, bare, Json::object());
  std::filesystem::copy(testing::corpus().folder.path() / "encoder" / "vocab.txt", place / "vocab.txt");
  EXPECT_NO_THROW(verify_checkpoint(place));
}

TEST(Checkpoint, AsAModelFolderItsEncoderIsVerifiedAndAnyOtherPasses) {
  const testing::TemporaryFolder folder;
  const Parts saved;
  const auto place = folder.path() / "last";
  write_checkpoint(place, saved.parts(), Json::object());
  const auto change = [&](const char* name) {
    std::string bytes = read_file(place / name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(place / name, std::ios::binary) << bytes;
  };
  EXPECT_NO_THROW(verify_model_folder(place));
  change("heads.safetensors");  // which no encoder is read from
  EXPECT_NO_THROW(verify_model_folder(place));
  std::filesystem::remove(place / "heads.safetensors");
  EXPECT_TRUE(is_checkpoint(place));
  for (const char* name : {"model.safetensors", "vocab.txt", "config.json"}) {
    change(name);
    EXPECT_EQ(testing::message_of<FormatError>([&] { verify_model_folder(place); }),
              (place / name).string() + ": is not what was saved (checksum differs)");
    change(name);
  }
  std::ofstream(place / "state.json") << R"({"format": 1, "of": "another program"})";
  change("vocab.txt");
  EXPECT_FALSE(is_checkpoint(place));
  EXPECT_NO_THROW(verify_model_folder(place));
}

// One bit at each of 500 places, spread over all files of a checkpoint.
TEST(Checkpoint, AChangedBitAnywhereIsFoundBeforeAnythingChanges) {
  const testing::TemporaryFolder folder;
  Parts saved, loaded;
  saved.fill(3);
  loaded.fill(8);
  const auto place = folder.path() / "last";
  write_checkpoint(place, saved.parts(), {{"steps", 1}});
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(place)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  RandomStream random(derive_seed(5, "bits"));
  for (int i = 0; i < 500; ++i) {
    const std::filesystem::path& file = files[static_cast<std::size_t>(i) % files.size()];
    const std::string bytes = read_file(file);
    std::string changed = bytes;
    char& byte = changed[random.below(changed.size() - 1)];  // the last of state.json is a line end, which says nothing
    byte = static_cast<char>(byte ^ (1 << random.below(5)));
    std::ofstream(file, std::ios::binary) << changed;
    EXPECT_THROW(read_checkpoint(place, loaded.parts()), UserError) << file;
    std::ofstream(file, std::ios::binary) << bytes;
  }
  EXPECT_EQ(loaded.flat.values().min().item<float>(), 8.0F);
  EXPECT_EQ(loaded.flat.values().max().item<float>(), 8.0F);
  EXPECT_NO_THROW(read_checkpoint(place, loaded.parts()));
}

TEST(Checkpoint, OfAnotherModelIsRefused) {
  const testing::TemporaryFolder folder;
  Parts saved("gaussian"), loaded("linear");
  loaded.fill(8);
  write_checkpoint(folder.path() / "last", saved.parts(), Json::object());
  EXPECT_THROW(read_checkpoint(folder.path() / "last", loaded.parts()), FormatError);
  EXPECT_EQ(loaded.flat.values().max().item<float>(), 8.0F);
}

TEST(Checkpoint, KilledDuringASaveThePreviousOneLoads) {
  const testing::TemporaryFolder folder;
  const auto place = folder.path() / "last";
  Parts parts;
  parts.fill(1);
  write_checkpoint(place, parts.parts(), {{"steps", 0}});
  int killed_between = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // Saves without end; every state is complete in itself: all parameters equal its number.
      for (int number = 1;; ++number) {
        parts.fill(static_cast<float>(number));
        write_checkpoint(place, parts.parts(), {{"steps", number}});
      }
    }
    usleep(15000U + 7000U * static_cast<unsigned>(attempt));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    std::size_t entries = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++entries;
    killed_between += entries > 1 ? 1 : 0;

    Parts loaded;
    const Json progress = read_checkpoint(place, loaded.parts());
    const float value = std::max(1.0F, progress["steps"].get<float>());
    EXPECT_EQ(loaded.flat.values().min().item<float>(), value);
    EXPECT_EQ(loaded.flat.values().max().item<float>(), value);
    EXPECT_EQ(loaded.optimizer->steps(), static_cast<std::int64_t>(value));
  }
  EXPECT_GT(killed_between, 0) << "no kill hit a save; the test showed nothing";
}

}  // namespace
}  // namespace infomtl
